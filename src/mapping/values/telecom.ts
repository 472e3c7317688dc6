import type { ContactPoint } from "@medplum/fhirtypes";
import type { Value } from "#src/hl7v2/message.ts";
import type { ValueType } from "./value-type.ts";

const USE: Readonly<Record<string, NonNullable<ContactPoint["use"]>>> = {
  PRN: "home",
  WPN: "work",
  PRS: "mobile",
  ORN: "home",
  VHN: "home",
};
const SYSTEM: Readonly<Record<string, NonNullable<ContactPoint["system"]>>> = {
  PH: "phone",
  CP: "phone",
  FX: "fax",
  BP: "pager",
  INTERNET: "email",
  "X.400": "email",
};

/** The parts of a number, when they are sent apart; the old single text otherwise. */
function numberOf(value: Value): string {
  const local = value.part(7).text;
  if (local === "") return value.part(12).text || value.part(1).text;
  const country = value.part(5).text;
  const area = value.part(6).text;
  const extension = value.part(8).text;
  return `${country === "" ? "" : `+${country.replace(/^\+/, "")} `}${area === "" ? "" : `${area} `}${local}${extension === "" ? "" : ` ext. ${extension}`}`;
}

/** XTN (v2.5.1 ch. 2A.89). An address without anything to reach is none. `CP` says mobile, though it stands for the equipment. */
function contactPoint(value: Value): ContactPoint | undefined {
  const equipment = value.part(3).text.toUpperCase();
  const email = value.part(4).text;
  const isMail = SYSTEM[equipment] === "email" || value.part(2).text.toUpperCase() === "NET" || (email !== "" && value.part(7).text === "");
  const written = isMail ? email || value.part(1).text : numberOf(value);
  if (written === "") return undefined;
  const use = equipment === "CP" ? "mobile" : USE[value.part(2).text.toUpperCase()];
  return { system: isMail ? "email" : (SYSTEM[equipment] ?? "phone"), value: written, ...(use === undefined ? {} : { use }) };
}

export const TELECOM_TYPES: Readonly<Record<string, ValueType>> = { "XTN[ContactPoint]": { read: contactPoint } };
