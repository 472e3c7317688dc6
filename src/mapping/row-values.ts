import type { Row } from "./map-schema.ts";
import type { RowContext } from "./row.ts";
import { targetOf } from "./row-key.ts";
import type { Writer } from "./row-code.ts";
import type { Source } from "./sources.ts";
import type { Reading, ValueType } from "./values/value-type.ts";

/** The functions for primitives, by R4 type. */
const BY_ELEMENT: Readonly<Record<string, string>> = {
  string: "text",
  markdown: "text",
  id: "text",
  code: "code",
  uri: "uri",
  url: "uri",
  canonical: "uri",
  oid: "uri",
  uuid: "uri",
  boolean: "yesNo",
  date: "date",
  dateTime: "dateTime",
  instant: "instant",
  time: "time",
  decimal: "decimal",
  integer: "integer",
  positiveInt: "positiveInt",
  unsignedInt: "unsignedInt",
  base64Binary: "base64Binary",
};

/** What a row says of how its value is to be read. */
export function readingOf(row: Row, context: RowContext, source: (path: string) => Source | undefined): Reading {
  const table = row.table === undefined ? undefined : context.tables.get(row.table);
  if (row.table !== undefined && table === undefined) context.fault(["table"], `no table ${row.table}`);
  const systemFrom = row.systemFrom === undefined ? undefined : source(row.systemFrom);
  return {
    table,
    codingSystems: context.tables.get("coding-systems"),
    system: row.system,
    localSystem: row.localSystem,
    systems: row.systems,
    systemFrom: systemFrom === undefined ? undefined : (frame) => systemFrom.first(frame).text,
    writtenAfter: row.beside !== undefined || targetOf(row) === "$this",
  };
}

/** The data type of a row: named, else by the R4 type of its target. */
export function typeFor(writer: Writer, context: RowContext): ValueType | undefined {
  const { row, target } = writer;
  const element = target.type === "" ? context.type : target.type;
  const name = row.as ?? BY_ELEMENT[element];
  if (name === undefined) context.fault([], `says nothing of how a ${element} is read: as`);
  const type = name === undefined ? undefined : context.typeOf(name);
  if (type === undefined && name !== undefined) context.fault(["as"], `no data type ${name}`);
  return type;
}
