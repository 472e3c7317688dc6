import { unescape } from "#src/hl7v2/escapes.ts";
import { type Value, withoutControls } from "#src/hl7v2/message.ts";
import type { ValueType } from "./value-type.ts";

const joined = (parts: readonly string[]): string => parts.filter((part) => part !== "").join(" ");

/** A name in one line (XPN, v2.5.1 ch. 2A.88), in the order that XPN.11 asks for. */
const fullName: ValueType = {
  read: (value) => {
    const [family = "", given = "", middle = "", suffix = "", prefix = ""] = [1, 2, 3, 4, 5].map((n) => value.part(n).text);
    const familyFirst = value.part(11).text.toUpperCase() === "F";
    const name = joined(familyFirst ? [prefix, family, middle, given, suffix] : [prefix, given, middle, family, suffix]);
    return name === "" ? undefined : name;
  },
};

/** Given and family name of a person in a field (XCN, CNN). */
export const personDisplay = (value: Value): string => {
  const given = value.part(3).text;
  const family = value.part(2).text;
  return given === "" || family === "" ? given || family : `${given} ${family}`;
};

/** What a reference shows, by the data type it is made of. The others show nothing. */
export const REFERENCE_DISPLAYS: Readonly<Record<string, (value: Value) => string>> = {
  XCN: personDisplay,
  CNN: personDisplay,
  XON: (value) => value.text,
  HD: (value) => value.text,
  CWE: (value) => value.part(9).text || value.part(2).text,
};

/** Free text with all its characters: a `^` in it is no component. */
const wholeText: ValueType = {
  read: (value, spot) => {
    if (value.isNull) return undefined;
    const text = withoutControls(unescape(value.raw, spot.frame.scope.message.delimiters).trim());
    return text === "" ? undefined : text;
  },
};

/** Functions for names and texts. */
export const NAME_TYPES: Readonly<Record<string, ValueType>> = { wholeText };
export const NAME_NATIVES: Readonly<Record<string, ValueType>> = { fullName };
