import { fail, ok, type Result } from "#src/base/result.ts";
import type { Hl7Message, Segment, Value } from "#src/hl7v2/message.ts";
import type { MasterRow } from "./master-rows.ts";

const NPI = "NPI";

/** HL7 date to a day; undefined when there is none. */
function dayOf(text: string): string | undefined {
  const match = /^(\d{4})(\d{2})(\d{2})/.exec(text);
  return match === null ? undefined : `${match[1]}-${match[2]}-${match[3]}`;
}

const textIn = (value: Value, part: number): string => value.part(part).text;

/** Segments that follow an MFE up to the next one. */
function* entries(message: Hl7Message): Generator<{ readonly mfe: Segment; readonly own: readonly Segment[] }> {
  let mfe: Segment | undefined;
  let own: Segment[] = [];
  for (const segment of message.segments) {
    if (segment.name === "MFE") {
      if (mfe !== undefined) yield { mfe, own };
      mfe = segment;
      own = [];
    } else if (mfe !== undefined) own.push(segment);
  }
  if (mfe !== undefined) yield { mfe, own };
}

/** A row without its place and date. */
type Read = (mfe: Segment, own: readonly Segment[], facility: string) => readonly Omit<MasterRow, "what" | "from">[] | string;

const segment = (own: readonly Segment[], name: string): Segment | undefined => own.find((one) => one.name === name);

/** STF staff identification, PRA practitioner detail (v2.5.1 ch. 15.4). */
const readStaff: Read = (mfe, own) => {
  const stf = segment(own, "STF");
  if (stf === undefined) return "STF is missing";
  const pra = segment(own, "PRA");
  const ids = [...stf.repetitions(2), ...(pra?.repetitions(6) ?? [])];
  const npi = ids.find((id) => textIn(id, 5) === NPI || textIn(id, 2) === NPI || /^[12]\d{9}$/.test(textIn(id, 1)));
  const local = stf.repetitions(2).find((id) => id !== npi) ?? mfe.field(4);
  const name = stf.field(3);
  return [
    {
      file: "practitioners.csv",
      values: {
        local_id: textIn(local, 1),
        authority: local.part(4).text,
        npi: npi === undefined ? "" : textIn(npi, 1),
        family: name.text,
        given: textIn(name, 2),
        taxonomy: textIn(pra?.field(5) ?? name.part(99), 1),
      },
    },
  ];
};

/** CDM charge description, PRC pricing (v2.5.1 ch. 8.10). */
const readCharge: Read = (mfe, own, facility) => {
  const cdm = segment(own, "CDM");
  if (cdm === undefined) return "CDM is missing";
  const procedure =
    cdm
      .repetitions(7)
      .map((one) => textIn(one, 1))
      .find((one) => one !== "") ?? "";
  const code = textIn(cdm.field(1), 1) || textIn(mfe.field(4), 1);
  const prices = own.filter(({ name }) => name === "PRC");
  const values = (place: string, price: string): Record<string, string> => ({
    facility: place,
    charge_code: code,
    description: cdm.field(3).text || textIn(cdm.field(1), 2),
    revenue_code: textIn(prices[0]?.field(14) ?? mfe.field(99), 1) || textIn(cdm.field(13), 1),
    procedure_code: procedure,
    ...(price === "" ? {} : { price }),
  });
  if (prices.length === 0) return [{ file: "charge-master.csv", values: values(facility, "") }];
  return prices.map((prc) => ({
    file: "charge-master.csv" as const,
    values: values(textIn(prc.field(2), 1) || facility, prc.field(5).text),
  }));
};

/** LOC location, LDP department, LCC charge (v2.5.1 ch. 8.8). */
const readLocation: Read = (mfe, own, facility) => {
  const loc = segment(own, "LOC");
  if (loc === undefined) return "LOC is missing";
  const place = loc.field(1);
  const department = segment(own, "LDP");
  return [
    {
      file: "departments.csv",
      values: {
        department: textIn(place, 1) || textIn(mfe.field(4), 1),
        facility: place.part(4).text || facility,
        name: loc.field(2).text,
        place_of_service: "",
        service_line: department?.field(3).text ?? "",
      },
    },
  ];
};

const EVENTS: Readonly<Record<string, Read>> = { M02: readStaff, M04: readCharge, M05: readLocation };

/**
 * Reads a master file notification: MFN^M02 (staff), M04 (charge master), M05 (locations). v2.5.1 ch. 8. MFE-1 says whether an entry is added, changed
 * (MAD, MUP, MAC) or ended (MDL, MDC); MFE-3, else MFI-5, from when.
 * @param facility whose entries they are when the message does not say; MSH-4 when absent.
 * @returns rows for the site data files, or one sentence for each fault with its place.
 */
export function readMasterFile(
  message: Hl7Message,
  facility: string = message.msh.field(4).text,
): Result<readonly MasterRow[], readonly string[]> {
  const read = EVENTS[message.type.slice(4)];
  if (!message.type.startsWith("MFN^") || read === undefined) return fail([`MSH-9: ${message.type} is none of MFN^M02, MFN^M04, MFN^M05`]);
  const faults: string[] = [];
  const rows: MasterRow[] = [];
  const whole = dayOf(message.first("MFI")?.field(5).text ?? "");
  for (const { mfe, own } of entries(message)) {
    const event = mfe.field(1).text;
    const from = dayOf(mfe.field(3).text) ?? whole;
    if (!["MAD", "MUP", "MAC", "MDL", "MDC"].includes(event)) {
      faults.push(`MFE[${mfe.index}]-1: ${event} is none of MAD, MUP, MAC, MDL, MDC`);
      continue;
    }
    const made = read(mfe, own, facility);
    if (typeof made === "string") {
      faults.push(`MFE[${mfe.index}]: ${made}`);
      continue;
    }
    const what = event === "MDL" || event === "MDC" ? "end" : "put";
    if (what === "end" && from === undefined) faults.push(`MFE[${mfe.index}]-3: an entry ends without a date`);
    rows.push(...made.map((row): MasterRow => ({ ...row, what, ...(from === undefined ? {} : { from }) })));
  }
  return faults.length > 0 ? fail(faults) : ok(rows);
}
