import type { Account, Coverage } from "@medplum/fhirtypes";
import { describe, expect, it } from "vitest";
import { faultsOf } from "#src/fhir/validate.ts";
import type { Mapped } from "#src/mapping/types.ts";
import { ADMISSION, changed, mappedMessage, mappedWith, resourcesOf, segment } from "./maps.ts";

const { PID = "", PV1 = "" } = ADMISSION;
const OTHER = changed("PID", { 3: "990011^^^WEST^MR", 18: "ACC10^^^WEST^AN" });
const places = ({ warnings }: Mapped): readonly string[] => warnings.map(({ code, place }) => `${code} ${place}`);
const coverages = (mapped: Mapped): readonly Coverage[] => resourcesOf<Coverage>(mapped, "Coverage");

describe("a second PID or PV1", () => {
  it("is warned of where a message has one patient and one visit, and the first count", () => {
    const mapped = mappedWith({ PID: `${PID}\r${OTHER}`, PV1: `${PV1}\r${PV1}` });
    expect(places(mapped)).toEqual(["SEGMENT_REPEATED PID(2)", "SEGMENT_REPEATED PV1(2)"]);
    expect(mapped.account?.value).toBe("ACC9");
  });

  it("is none where each begins a group of its own, or is of the result before an order", () => {
    const EVN = "EVN|A17|20260110082900";
    expect(places(mappedMessage("ADT^A17", EVN, PID, PV1, OTHER, PV1))).toEqual([]);
    expect(places(mappedMessage("BAR^P01", "EVN|P01|20260110082900", PID, PV1, changed("PV1", { 19: "VIS10^^^WEST^VN" })))).toEqual([]);
    const order = ["ORC|NW|P1|F1", "OBR|1|P1|F1|718-7^Hb^LN"];
    expect(places(mappedMessage("OML^O21", PID, PV1, ...order, PID, PV1, ...order)).filter((one) => one.includes("REPEATED"))).toEqual([]);
  });

  it("is told of in the group that it stands in", () => {
    expect(places(mappedMessage("ADT^A17", "EVN|A17|20260110082900", PID, PV1, OTHER, PV1, PV1))).toEqual(["SEGMENT_REPEATED PV1(3)"]);
  });
});

describe("an insurance (IN1)", () => {
  it("that only has a number is warned of and makes no coverage", () => {
    const mapped = mappedWith({ IN1: 'IN1|1|""' });
    expect(places(mapped)).toEqual(["REQUIRED_FIELD_MISSING IN1(1)-3"]);
    expect(coverages(mapped)).toEqual([]);
    expect(resourcesOf<Account>(mapped, "Account").map(({ coverage }) => coverage)).toEqual([undefined]);
  });

  it("that says nothing takes no insurance away, and one that is deleted does", () => {
    expect(mappedWith({ IN1: "IN1|1" }).wholeSets).not.toContain("Coverage");
    expect(mappedWith({ IN1: 'IN1|1|""' }).wholeSets).toContain("Coverage");
    expect(mappedWith({ IN1: `IN1|1\r${segment("IN2", { 8: "MCD1" })}` }).wholeSets).toContain("Coverage");
  });

  it("that says anything makes a coverage, in any field that is read, of its IN2 too", () => {
    const said = (IN1: string, IN2 = ""): readonly [number, boolean] => {
      const mapped = mappedWith({ IN1: IN2 === "" ? IN1 : `${IN1}\r${IN2}` });
      expect(mapped.resources.flatMap(({ resource }) => faultsOf(resource))).toEqual([]);
      return [coverages(mapped).length, mapped.warnings.some(({ detail = "" }) => detail.includes("no coverage is made"))];
    };
    for (let n = 2; n <= 53; n++) {
      const [made, warned] = said(segment("IN1", { 1: "1", [n]: "20260101" }));
      expect([n, made === 1]).toEqual([n, !warned]);
    }
    expect(said(segment("IN1", { 1: "1", 36: "MEM1" }))).toEqual([1, false]);
    expect(said("IN1|1", segment("IN2", { 8: "MCD1" }))).toEqual([1, false]);
    expect(said("IN1|1", segment("IN2", { 1: "E1" }))).toEqual([0, true]);
  });

  it("of the priority of another is warned of, and both are kept", () => {
    const mapped = mappedWith({ IN1: "IN1|1|P1|C1|North\rIN1|1|P2|C2|South" });
    expect(places(mapped)).toEqual(["VALUE_NOT_VALID IN1(2)-1"]);
    expect(coverages(mapped).map(({ order }) => order)).toEqual([1, 1]);
  });

  it("is judged by IN1-22 where that is sent", () => {
    const with22 = (at: number, priority: string): string => segment("IN1", { 1: "1", 2: `P${at}`, 3: `C${at}`, 4: "North", 22: priority });
    expect(places(mappedWith({ IN1: `${with22(1, "1")}\r${with22(2, "2")}` }))).toEqual([]);
    expect(places(mappedWith({ IN1: `${with22(1, "1")}\r${with22(2, "01")}` }))).toEqual(["VALUE_NOT_VALID IN1(2)-22"]);
  });
});
