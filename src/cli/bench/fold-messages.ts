import { buildMessage } from "../demo/build.ts";
import { chanceOf } from "../demo/random.ts";
import { chargeSegments, visitSegments } from "../demo/segments.ts";
import { stayOf } from "../demo/stays.ts";

export interface FoldMessage {
  readonly account: string;
  readonly type: string;
  readonly text: string;
}

/** Charges in one message. */
const PER_MESSAGE = 10;
const BEGAN = new Date("2026-01-05T12:00:00Z");
const PEOPLE = 50;

/** A charge message of so many charges: those of the stay, said again under numbers of their own. */
function postings(text: string, account: string, from: number, count: number): string {
  const segments = text.split("\r").filter((segment) => segment !== "");
  const models = segments.filter((segment) => segment.startsWith("FT1|"));
  const charges = Array.from({ length: count }, (_, n) => {
    const fields = (models[(from + n) % models.length] ?? "FT1").split("|");
    fields[1] = String(n + 1);
    fields[2] = `T${account}${from + n}`;
    return fields.join("|");
  });
  return `${[...segments.filter((segment) => !segment.startsWith("FT1|")), ...charges].join("\r")}\r`;
}

/**
 * The messages of many accounts: admission, charges, an update and the discharge, `sideBySide` accounts mixed; with `late` that many
 * late charges of accounts picked at random instead. Always the same for the same wishes.
 */
export function* foldMessages({
  first,
  accounts,
  charges,
  sideBySide = 1,
  late,
}: {
  readonly first: number;
  readonly accounts: number;
  readonly charges: number;
  readonly sideBySide?: number;
  readonly late?: number;
}): Generator<FoldMessage> {
  const chance = chanceOf(7);
  const people = Array.from({ length: PEOPLE }, (_, n) => stayOf(n + 1, BEGAN, "UTC", chance));
  const messageOf = (n: number, step: "A01" | "P03" | "A08" | "A03", from = 0, count = PER_MESSAGE): FoldMessage => {
    const account = `B${String(n).padStart(9, "0")}`;
    const model = people[n % PEOPLE];
    if (model === undefined) throw new Error("there are people");
    const stay = { ...model, account, visit: `V${account}`, person: { ...model.person, mrn: `M${account}` } };
    const at = step === "A03" || step === "P03" ? stay.dischargedAt : stay.admittedAt;
    const envelope = { controlId: `${step}${from}${account}`.slice(0, 20), sentAt: at, event: step };
    if (step !== "P03") {
      const text = buildMessage(
        { ...envelope, type: "ADT", structure: step === "A03" ? "ADT_A03" : "ADT_A01" },
        visitSegments(stay, step, at, step === "A03"),
      );
      return { account, type: `ADT^${step}`, text };
    }
    const text = buildMessage({ ...envelope, type: "DFT", structure: "DFT_P03" }, chargeSegments(stay, at));
    return { account, type: "DFT^P03", text: postings(text, account, from, count) };
  };
  if (late !== undefined) {
    for (let n = 0; n < late; n++) yield messageOf(first + chance.whole(0, accounts - 1), "P03", 1_000_000 + n, charges);
    return;
  }
  for (let from = 0; from < accounts; from += sideBySide) {
    const group = Array.from({ length: Math.min(sideBySide, accounts - from) }, (_, n) => first + from + n);
    for (const n of group) yield messageOf(n, "A01");
    for (let posted = 0; posted < charges; posted += PER_MESSAGE)
      for (const n of group) yield messageOf(n, "P03", posted, Math.min(PER_MESSAGE, charges - posted));
    for (const n of group) yield messageOf(n, "A08");
    for (const n of group) yield messageOf(n, "A03");
  }
}
