import type { Quantity, Range, Ratio, Timing } from "@medplum/fhirtypes";
import { describe, expect, it } from "vitest";
import { faultsOf } from "#src/fhir/validate.ts";
import { readType } from "./read-type.ts";

describe("structured numbers (SN)", () => {
  it("are a quantity with a comparator", () => {
    expect(readType("SN[Quantity]", ">^100").value).toEqual({ comparator: ">", value: 100 });
  });

  it.each(["=", "<>"])("have no comparator for %s, which FHIR has none for", (comparator) => {
    expect(readType("SN[Quantity]", `${comparator}^100`).value).toEqual({ value: 100 });
  });

  it("are a ratio that keeps its text", () => {
    expect(readType("SN[Ratio]", "^1^:^128").value as Ratio).toEqual({
      extension: [{ url: "http://hl7.org/fhir/StructureDefinition/originalText", valueString: "1 : 128" }],
      numerator: { value: 1 },
      denominator: { value: 128 },
    });
  });

  it("are a range", () => {
    expect(readType("SN[Range]", "^10^-^20").value as Range).toMatchObject({ low: { value: 10 }, high: { value: 20 } });
  });

  it("leave out a number that is none and warn", () => {
    const { value, warnings } = readType("SN[Quantity]", ">^lots");
    expect(value).toEqual({ comparator: ">" });
    expect(warnings).toMatchObject([{ code: "VALUE_NOT_VALID" }]);
  });
});

describe("numbers (NM, NR, NA)", () => {
  it.each([
    ["3", 3],
    ["0", undefined],
    ["-2", undefined],
  ])("%s is a length of stay of %s days", (text, days) => {
    expect((readType("NM[Quantity-LengthOfStay]", text).value as Quantity | undefined)?.value).toBe(days);
  });

  it("take 0 for not ranked, without a warning", () => {
    expect(readType("NM[positiveInt]", "0")).toMatchObject({ value: undefined, warnings: [] });
    expect(readType("NM[positiveInt]", "02").value).toBe(2);
  });

  it("warn of a text where a number should stand", () => {
    expect(readType("NM[Quantity]", "see comment")).toMatchObject({ value: undefined, warnings: [{ code: "VALUE_NOT_VALID" }] });
  });

  it("are samples in one channel whose distance is not known", () => {
    const { value } = readType("NA[SampledData]", "1^2^^4");
    expect(value).toMatchObject({ origin: { value: 0 }, dimensions: 1, data: "1 2 E 4" });
    expect(
      faultsOf({ resourceType: "Basic", code: { text: "x" }, extension: [{ url: "urn:x", valueSampledData: value }] } as never),
    ).toEqual([]);
  });

  it("are minutes of a quantity with a unit", () => {
    const minutes = (text: string) => readType("CQ[unsignedInt]", text).value;
    expect([minutes("2^h"), minutes("30"), minutes("90^s"), minutes("1^d")]).toEqual([120, 30, 2, 1440]);
    expect(readType("CQ[unsignedInt]", "2^fortnights").warnings).toHaveLength(1);
  });
});

describe("times (DTM, TS, DR)", () => {
  it.each([
    ["2026", "2026"],
    ["202601", "2026-01"],
    ["20260110", "2026-01-10"],
    ["2026011008", "2026-01-10T08:00:00-06:00"],
    ["202607100830", "2026-07-10T08:30:00-05:00"],
    ["20260110083000.25+0100", "2026-01-10T08:30:00.25+01:00"],
  ])("%s is %s: no finer than sent, in the feed's zone", (text, wanted) => {
    expect(readType("DTM[dateTime]", text).value).toBe(wanted);
    expect(readType("TS[dateTime]", text).value).toBe(wanted);
  });

  it("take the offset of the message before the feed's zone", () => {
    expect(readType("DTM[dateTime]", "2026011008", { sent: "20260110083000+0200" }).value).toBe("2026-01-10T08:00:00+02:00");
  });

  it.each(["20261399", "2026011024", "yesterday"])("leave out %s and warn", (text) => {
    expect(readType("DTM[dateTime]", text)).toMatchObject({ value: undefined, warnings: [{ code: "VALUE_NOT_VALID" }] });
  });

  it("keep one end of a range when the other is missing", () => {
    expect(readType("DR[Period]", "^20260102").value).toEqual({ end: "2026-01-02" });
  });
});

describe("timing of orders (TQ, RI, RPT)", () => {
  it("reads the times of day of one text", () => {
    expect(readType("RI[Timing]", "BID^0800,2000").value as Timing).toMatchObject({
      code: { coding: [{ code: "BID" }, { code: "BID" }] },
      repeat: { timeOfDay: ["08:00:00", "20:00:00"] },
    });
  });

  it("reads a duration of a letter and a number, and no other", () => {
    const bounds = (text: string) =>
      (readType("TQ[ServiceRequest]", text).value as { occurrenceTiming?: Timing } | undefined)?.occurrenceTiming?.repeat;
    expect(bounds("^^D10")).toEqual({ boundsDuration: { value: 10, unit: "day", system: "http://unitsofmeasure.org", code: "d" } });
    expect(bounds("^^until better")).toBeUndefined();
  });

  it("bounds an order by its start before its duration, for R4 knows one kind of bounds", () => {
    const { value } = readType("TQ[ServiceRequest]", "^^D10^20260101");
    expect(value).toEqual({ occurrenceTiming: { repeat: { boundsPeriod: { start: "2026-01-01" } } } });
  });

  it("reads days of the week by their number, and a period only with its unit", () => {
    expect(readType("RPT[Timing]", "Q^DW^1^5^2^D").value).toMatchObject({
      repeat: { dayOfWeek: ["mon", "fri"], period: 2, periodUnit: "d" },
    });
    expect((readType("RPT[Timing]", "Q^^^^2").value as Timing).repeat).toBeUndefined();
  });
});
