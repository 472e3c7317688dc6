import { describe, expect, it } from "vitest";
import { OFFLINE_ID_KEY } from "#src/base/ids.ts";
import { mapHl7, settingsOf } from "#src/charts/map-record.ts";
import { makeFeed } from "#src/config/feed.ts";
import { readMapFiles } from "#src/config/map-files.ts";
import { readHeader } from "#src/hl7v2/header.ts";
import { orderKeyOf } from "#src/intake/identifiers.ts";
import { compileMaps } from "#src/mapping/compile.ts";

const compiled = compileMaps(readMapFiles("mappings"));
if (!compiled.ok) throw new Error("the shipped maps do not compile");
const maps = compiled.value;

type Identity = NonNullable<Parameters<typeof makeFeed>[1]["identity"]>;

/** One ADT^A01 with the numbers given, mapped under a feed's identity. */
function mapped(
  identity: Identity,
  { pid3 = "77^^^NORTH", pid18 = "", pv1 = {} }: { pid3?: string; pid18?: string; pv1?: Record<number, string> } = {},
) {
  const visit = Array.from({ length: 50 }, (_, n) => (n === 1 ? "I" : (pv1[n + 1] ?? ""))).join("|");
  const bytes = Buffer.from(
    `MSH|^~\\&|EHR|NORTH|CB|CB|20260101||ADT^A01|1|P|2.5.1\rEVN||20260101\rPID|1||${pid3}||SAMPLE^A|||||||||||||${pid18}\rPV1|${visit}\r`,
  );
  const header = readHeader(bytes);
  if (!header.ok) throw new Error("fixture");
  const feed = makeFeed("north", { facility: "NORTH", zone: "UTC", identity });
  const result = mapHl7(bytes, header.value, maps, settingsOf(feed, OFFLINE_ID_KEY));
  return { result, orderKey: orderKeyOf(bytes, header.value, feed) };
}
const accountOf = ({ result }: ReturnType<typeof mapped>): string | undefined =>
  result.ok ? result.value.account?.value : result.failure.code;

describe("a feed's identity", () => {
  it("by default takes the medical record number as patient, PID-18 and else PV1-19 as account", () => {
    const two = mapped({}, { pid3: "E1^^^REGION^EI~M1^^^NORTH^MR", pid18: "A1", pv1: { 19: "V1" } });
    expect(two.orderKey).toBe("NORTH|M1");
    expect(accountOf(two)).toBe("A1");
    expect(accountOf(mapped({}, { pv1: { 19: "V1" } }))).toBe("V1");
    expect(accountOf(mapped({}))).toBe("ACCOUNT_UNKNOWN");
  });

  it("chooses the patient by type or by authority, the same for the order and for the map", () => {
    const pid3 = "E1^^^REGION^EI~M1^^^NORTH^MR";
    const regional = mapped({ patient: ["authority:REGION"] }, { pid3, pid18: "A1" });
    const local = mapped({ patient: ["type:PI", "type:MR"] }, { pid3, pid18: "A1" });
    expect([regional.orderKey, local.orderKey]).toEqual(["REGION|E1", "NORTH|M1"]);
    const id = ({ result }: typeof regional): string | undefined => (result.ok ? result.value.patientId : undefined);
    expect(id(regional)).not.toBe(id(local));
    expect(id(local)).toBe(id(mapped({}, { pid3, pid18: "A1" })));
  });

  it("takes the account from where the feed says, and lineage says where that was", () => {
    const { result } = mapped({ account: ["PV1-50", "PID-18"] }, { pid18: "A1", pv1: { 50: "ALT9^^^NORTH" } });
    if (!result.ok) throw new Error(result.failure.code);
    expect(result.value.account?.value).toBe("ALT9");
    const account = result.value.resources.find(({ resource }) => resource.resourceType === "Account")?.resource;
    expect(account).toMatchObject({ identifier: [{ value: "ALT9" }] });
    const line = result.value.lineage.find(({ target }) => target === "Account.identifier[0].value");
    expect(line?.source).toMatch(/^PV1-50/);
  });

  it("names a visit once, with the type that its sender gave, wherever its number is", () => {
    const numbers = (pv1: Record<number, string>, visit: NonNullable<Identity["visit"]> = ["PV1-50", "PV1-19"]): unknown => {
      const { result } = mapped({ visit }, { pid18: "A1", pv1 });
      if (!result.ok) throw new Error(result.failure.code);
      const encounter = result.value.resources.map(({ resource }) => resource).find((one) => one.resourceType === "Encounter");
      return encounter?.identifier?.map(({ value, system, type }) => [
        value,
        system?.split(":").at(-1),
        ...(type?.coding ?? []).map(({ code }) => code),
      ]);
    };
    expect(numbers({ 50: "V9^^^NORTH^VN" })).toEqual([["V9", "NORTH", "VN"]]);
    expect(numbers({ 50: "V9^^^NORTH" })).toEqual([["V9", "NORTH", "VN"]]);
    expect(numbers({ 50: "V9^^^NORTH^AN" })).toEqual([["V9", "NORTH", "AN"]]);
    // Another number beside it, or the same number of somebody else's, stays.
    expect(numbers({ 19: "V1", 50: "V9^^^NORTH^VN" }, ["PV1-19"])).toEqual([
      ["V1", "NORTH", "VN"],
      ["V9", "NORTH", "VN"],
    ]);
    expect(numbers({ 19: "V9^^^NORTH^VN", 50: "V9^^^EAST^VN" }, ["PV1-19"])).toEqual([
      ["V9", "NORTH", "VN"],
      ["V9", "EAST", "VN"],
    ]);
  });

  it("gives a message without an account to an account of the patient's own, where the feed says so", () => {
    const first = mapped({ withoutAccount: "patient" });
    expect(accountOf(first)).toBe("patient 77");
    expect(accountOf(mapped({ withoutAccount: "patient" }, { pid18: "A1" }))).toBe("A1");
    const ids = [first, mapped({ withoutAccount: "patient" })].map(({ result }) =>
      result.ok ? result.value.account?.resourceId : undefined,
    );
    expect(ids[0]).toBe(ids[1]);
  });
});
