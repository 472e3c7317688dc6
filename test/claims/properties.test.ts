import type { Claim, ClaimItem, Resource } from "@medplum/fhirtypes";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Assembled, OwnClaim } from "#src/claims/assemble.ts";
import { checkClaim } from "#src/claims/check-claim.ts";
import { controlNumberOf } from "#src/claims/line-numbers.ts";
import { type CodedAccount, codedAccounts } from "#test/coding/generated-accounts.ts";
import {
  type ChargeSpec,
  chargeId,
  chartOf,
  codesOf,
  EMERGENCY_CHART,
  EMERGENCY_CODES,
  INPATIENT_CHART,
  INPATIENT_CODES,
} from "./charts.ts";
import { allMade, fullChart, oneMade } from "./everything.ts";

const cents = (amount: number | undefined): number => Math.round((amount ?? 0) * 100);
const accountId = "00000000-0000-4000-8000-0000000000aa";
const numbersOf = ({ item = [] }: Claim): readonly number[] => item.map(({ sequence }) => sequence);
const sumOf = ({ item = [] }: Claim): number => item.reduce((sum, { net }) => sum + cents(net?.value), 0);
const named = (item: ClaimItem): string => controlNumberOf(item) ?? "";
const clinicCharge = (n: number): ChargeSpec => ({ code: "5100463", cents: 100 + n, hcpcs: "G0463", day: "2026-03-03", number: String(n) });

const charges = fc.array(
  fc.record({
    cents: fc.integer({ min: 1, max: 9_999_999 }),
    units: fc.integer({ min: 1, max: 500 }),
    day: fc.integer({ min: 2, max: 5 }),
  }),
  { minLength: 1, maxLength: 40 },
);

describe("whatever the account,", () => {
  it("the total is the sum of the nets to the cent, each unit price gives its net, and the numbers count from one", () => {
    fc.assert(
      fc.property(charges, (list) => {
        const specs = list.map(({ cents: amount, units, day }) => ({ ...clinicCharge(0), cents: amount, units, day: `2026-03-0${day}` }));
        const { claim, referenced } = oneMade({ chart: chartOf({ ...EMERGENCY_CHART, charges: specs }), codes: EMERGENCY_CODES });
        expect(cents(claim.total?.value)).toBe(list.reduce((sum, one) => sum + one.cents, 0));
        expect(sumOf(claim)).toBe(cents(claim.total?.value));
        const priced = (claim.item ?? []).filter(({ unitPrice }) => unitPrice !== undefined);
        expect(priced.map(({ unitPrice, quantity }) => Math.round(cents(unitPrice?.value) * (quantity?.value ?? 1)))).toEqual(
          priced.map(({ net }) => cents(net?.value)),
        );
        expect(numbersOf(claim)).toEqual(specs.map((_, index) => index + 1));
        expect(checkClaim(claim, referenced)).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it("a day of service is the hospital's own, in every zone and at every hour", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1439 }),
        fc.integer({ min: -48, max: 56 }).map((quarter) => quarter * 15),
        (minute, offset) => {
          const two = (n: number): string => String(Math.floor(n)).padStart(2, "0");
          const zone = `${offset < 0 ? "-" : "+"}${two(Math.abs(offset) / 60)}:${two(Math.abs(offset) % 60)}`;
          const at = `T${two(minute / 60)}:${two(minute % 60)}:00${zone}`;
          const chart = chartOf({ ...INPATIENT_CHART, from: `2026-03-02${at}`, through: `2026-03-05${at}` });
          const resources = chart.resources.map(
            (one): Resource => (one.resourceType === "ChargeItem" ? { ...one, occurrenceDateTime: `2026-03-03${at}` } : one),
          );
          const { claim } = oneMade({ chart: { ...chart, resources }, codes: INPATIENT_CODES });
          expect(claim.billablePeriod).toEqual({ start: "2026-03-02", end: "2026-03-05" });
          expect(new Set(claim.item?.map(({ servicedDate }) => servicedDate))).toEqual(new Set(["2026-03-03"]));
        },
      ),
      { numRuns: 80 },
    );
  });

  it("the same chart and codes give the same bytes, whenever they are assembled", () => {
    for (const { chart, codes, stream } of codedAccounts(21, 60)) {
      const spec = { ...chart, accountId };
      const once = JSON.stringify(allMade({ chart: chartOf(spec), codes, stream }));
      expect(JSON.stringify(allMade({ chart: chartOf(spec), codes: codesOf(JSON.parse(JSON.stringify(codes))), stream }))).toBe(once);
    }
  });

  it("a line keeps its number through every version, and a number is never another line's", () => {
    const many = Array.from({ length: 12 }, (_, n) => n);
    fc.assert(
      fc.property(fc.array(fc.subarray(many, { minLength: 1 }), { minLength: 2, maxLength: 5 }), (versions) => {
        const owner = new Map<number, string>();
        const made: OwnClaim[] = [];
        for (const present of versions) {
          // A charge is known by its id, whatever stands before it.
          const chart = chartOf({ ...EMERGENCY_CHART, accountId, charges: many.map(clinicCharge) });
          const gone = new Set(many.filter((n) => !present.includes(n)).map(chargeId));
          const before = made.at(-1);
          const { claim, referenced } = oneMade({
            chart: { ...chart, resources: chart.resources.filter(({ id }) => !gone.has(id ?? "")) },
            codes: EMERGENCY_CODES,
            ...(before === undefined ? {} : { prior: [{ claim: before }] }),
            versions: made.map((one) => [one]),
          });
          for (const item of claim.item ?? []) expect(owner.get(item.sequence) ?? named(item)).toBe(named(item));
          for (const item of claim.item ?? []) owner.set(item.sequence, named(item));
          expect(new Set(owner.values()).size).toBe(owner.size);
          expect(checkClaim(claim, referenced)).toEqual([]);
          made.push(claim);
        }
      }),
      { numRuns: 40 },
    );
  });
});

/** A professional account of so many lines and diagnoses; each line points somewhere. */
const office = (lines: readonly (readonly number[])[], diagnoses: number) => ({
  chart: chartOf({ class: "AMB", doctor: "D1004", charges: [], accountId }),
  stream: "PRO:MED" as const,
  codes: codesOf({
    diagnoses: Array.from({ length: diagnoses }, (_, n) => ({ code: `M${10 + n}.9`, use: n === 0 ? "principal" : "secondary" })),
    lines: lines.map((diagnosisPointers, n) => ({
      procedureCode: "G2212",
      diagnosisPointers,
      serviceDate: `2026-03-0${2 + (n % 4)}`,
      units: 1,
      amountCents: 100 + n,
    })),
  }),
});
const codeAt = ({ claim }: Assembled, sequence: number): string | undefined =>
  claim.diagnosis?.find((one) => one.sequence === sequence)?.diagnosisCodeableConcept?.coding?.[0]?.code;

describe("an item that one claim does not hold", () => {
  it("gives claims within the limits that bill each line once, and whose pointers lead to the same diagnoses", () => {
    const pointers = fc.uniqueArray(fc.integer({ min: 2, max: 20 }), { minLength: 0, maxLength: 3 }).map((more) => [1, ...more]);
    fc.assert(
      fc.property(fc.array(pointers, { minLength: 51, maxLength: 130 }), (lines) => {
        const all = [...new Set(lines.flat())].sort((a, b) => a - b);
        const dense = lines.map((line) => line.map((pointer) => all.indexOf(pointer) + 1));
        const made = allMade(office(dense, all.length));
        expect(made.length).toBeGreaterThan(1);
        const billed = made.flatMap((part) =>
          (part.claim.item ?? []).map((item) => [cents(item.net?.value), (item.diagnosisSequence ?? []).map((one) => codeAt(part, one))]),
        );
        expect(billed.sort((a, b) => Number(a[0]) - Number(b[0]))).toEqual(
          dense.map((line, n) => [100 + n, line.map((pointer) => `M${9 + pointer}.9`)]),
        );
        for (const { claim } of made) {
          expect(claim.item?.length).toBeLessThanOrEqual(50);
          expect(claim.diagnosis?.length).toBeLessThanOrEqual(12);
          expect(sumOf(claim)).toBe(cents(claim.total?.value));
        }
        expect(new Set(made.map(({ claim }) => claim.id)).size).toBe(made.length);
        expect(made.slice(1).every(({ claim }) => claim.related?.[0]?.claim?.reference === `Claim/${made[0]?.claim.id}`)).toBe(true);
      }),
      { numRuns: 25 },
    );
  });

  it("is valid in every part, and divided the same way in the next version", () => {
    const account = office(
      Array.from({ length: 120 }, () => [1]),
      1,
    );
    const made = allMade(account);
    expect(made.map(({ claim }) => claim.item?.length)).toEqual([50, 50, 20]);
    for (const { claim, referenced } of made) expect(checkClaim(claim, referenced)).toEqual([]);
    const again = allMade({ ...account, prior: made.map(({ claim }) => ({ claim })) });
    expect(again.map(({ claim }) => claim.item?.map(named))).toEqual(made.map(({ claim }) => claim.item?.map(named)));
  });

  it("is refused when no division helps: more diagnoses than fit that no line points to", () => {
    expect(() => allMade(office([[1]], 14))).toThrow("CB-CLM-LIMIT");
  });

  it("of a hospital outpatient is divided by its lines, with all diagnoses on each claim", () => {
    const made = allMade({
      chart: chartOf({ ...EMERGENCY_CHART, charges: Array.from({ length: 1_005 }, (_, n) => clinicCharge(n)) }),
      codes: EMERGENCY_CODES,
    });
    expect(made.map(({ claim }) => [claim.item?.length, claim.diagnosis?.length])).toEqual([
      [999, 3],
      [6, 3],
    ]);
    for (const { claim, referenced } of made) expect(checkClaim(claim, referenced)).toEqual([]);
  });

  it("of a stay is one claim all the same: lines that a revenue code bills alone are summed", () => {
    const list = [
      { code: "1200001", cents: 426_000, units: 3 },
      ...Array.from({ length: 1_200 }, (_, n) => ({ code: "2587030", cents: 100 + (n % 7), units: 1, day: `2026-03-0${2 + (n % 4)}` })),
    ];
    const { claim, referenced } = oneMade({ chart: chartOf({ ...INPATIENT_CHART, charges: list }), codes: INPATIENT_CODES });
    expect(claim.item?.length).toBe(2);
    expect(claim.item?.find(({ revenue }) => revenue?.coding?.[0]?.code === "0258")).toMatchObject({
      quantity: { value: 1_200 },
      servicedPeriod: { start: "2026-03-02", end: "2026-03-05" },
    });
    expect(cents(claim.total?.value)).toBe(list.reduce((sum, one) => sum + one.cents, 0));
    expect(checkClaim(claim, referenced)).toEqual([]);
  });
});

describe("interim bills and late charges", () => {
  const day = (n: number, code = "1200001"): ChargeSpec => ({ code, cents: 142_000, units: 1, day: `2026-03-0${n}`, number: String(n) });
  const at = (days: readonly number[], ended: boolean) =>
    chartOf({
      ...INPATIENT_CHART,
      accountId,
      charges: days.map((n) => day(n)),
      ...(ended ? {} : { through: null, dischargeStatus: null }),
    });
  const coded = (frequency: string) => codesOf({ ...INPATIENT_CODES, procedures: [], abstract: { frequency } });

  it("carry what no bill before them did, and follow day on day", () => {
    const first = oneMade({ chart: at([2, 3], false), codes: coded("2") });
    expect(first.claim.billablePeriod).toEqual({ start: "2026-03-02", end: "2026-03-03" });
    expect(checkClaim(first.claim, first.referenced)).toEqual([]);
    const last = oneMade({
      chart: at([2, 3, 4, 5], true),
      codes: coded("4"),
      prior: [{ claim: first.claim }],
      billed: [first.claim],
    });
    expect(last.claim.billablePeriod).toEqual({ start: "2026-03-04", end: "2026-03-05" });
    expect(last.claim.item?.map(({ servicedDate }) => servicedDate)).toEqual(["2026-03-04", "2026-03-05"]);
    expect(last.claim.related?.[0]?.relationship?.coding?.[0]?.code).toBe("prior");
    expect(checkClaim(last.claim, last.referenced)).toEqual([]);
    expect(sumOf(first.claim) + sumOf(last.claim)).toBe(4 * 142_000);
  });

  it("of charges that came late name the claim they belong to", () => {
    const first = oneMade({ chart: at([2, 3], true), codes: coded("1") });
    const late = oneMade({ chart: at([2, 3, 4], true), codes: coded("5"), prior: [{ claim: first.claim }], billed: [first.claim] });
    expect(late.claim.item).toHaveLength(1);
    expect(late.claim.related?.[0]?.relationship?.coding?.[0]?.code).toBe("associated");
  });
});

/** The same account with what else messages may bring. */
function richer({ chart, codes, stream }: CodedAccount, n: number): readonly Assembled[] {
  const spec = { ...chart, insured: n % 7 !== 0 };
  const whole = n % 3 === 0 ? fullChart({ ...spec, ...(spec.insured ? {} : { insured: true }) }) : chartOf(spec);
  return allMade({ chart: whole, codes, stream });
}

describe("a hospital of two thousand accounts", () => {
  it("gives claims that are valid R4 and under our profiles, and that an 837 could be made of", () => {
    let claims = 0;
    for (const [n, account] of codedAccounts(2026, 2_000).entries())
      for (const { claim, referenced } of richer(account, n)) {
        claims++;
        expect(checkClaim(claim, referenced), `account ${n}`).toEqual([]);
        expect(sumOf(claim)).toBe(cents(claim.total?.value));
      }
    expect(claims).toBe(2_000);
  }, 120_000);
});
