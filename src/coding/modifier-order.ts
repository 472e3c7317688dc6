const ranked: readonly (readonly [number, string])[] = [
  // 26 and TC come before any other that prices; the global-surgery ones before those where a period applies.
  [0, "26 TC"],
  [1, "58 78 79"],
  [2, "22 50 52 53 54 55 56 62 66 73 74 80 81 82 AS AA QK QX QY QZ QW P1 P2 P3 P4 P5 P6 NU RR UE JW JZ PN PO FX FY CQ CO"],
  [3, "59 XE XP XS XU"],
  [4, "24 25 27 57 76 77 91 KX GA GY GZ GX"],
  [5, "51"],
  [7, "LT RT E1 E2 E3 E4 FA F1 F2 F3 F4 F5 F6 F7 F8 F9 TA T1 T2 T3 T4 T5 T6 T7 T8 T9 LC LD LM RC RI"],
];
const RANK = new Map(ranked.flatMap(([rank, all]) => all.split(" ").map((modifier) => [modifier, rank] as const)));
const INFORMATION = 6;

/** Where a modifier stands on its line: pricing, then payment, then information, location last. Equal ranks keep their order. */
export const modifierRank = (modifier: string): number => RANK.get(modifier) ?? INFORMATION;
