import type { Feed } from "#src/config/feed.ts";
import type { MapFile } from "#src/mapping/map-file.ts";
import { readMaps } from "#src/mapping/read-maps.ts";
import { sourcesOf } from "#src/mapping/row-key.ts";

/** Fields that the maps read for this feed, by segment: `PID` to [3, 5, 7]. */
function fieldsRead(files: readonly MapFile[], { identity }: Feed): ReadonlyMap<string, readonly number[]> {
  const fields = new Map<string, Set<number>>();
  const places: Readonly<Record<string, readonly string[]>> = { "@account": identity.account, "@visit": identity.visit };
  for (const { spec, dataType } of readMaps(files).maps)
    for (const row of dataType ? [] : spec.rows)
      for (const source of (row.guide === "skipped" ? [] : sourcesOf(row, undefined)).flatMap((one) => places[one] ?? [one])) {
        const match = /^([A-Z][A-Z0-9]{2})-(\d+)/.exec(source);
        if (match === null) continue;
        const [, segment = "", number = "0"] = match;
        fields.set(segment, (fields.get(segment) ?? new Set()).add(Number(number)));
      }
  return new Map([...fields].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, numbers]) => [name, [...numbers].sort((a, b) => a - b)]));
}

/** A segment of the sample from its fields by number, so that each stands where it should. */
function segment(name: string, fields: Readonly<Record<number, string>>): string {
  const last = Math.max(...Object.keys(fields).map(Number));
  return [name, ...Array.from({ length: last }, (_, n) => fields[n + 1] ?? "")].join("|");
}

const anyOf = (list: readonly string[]): string => (list.length === 0 ? "any" : list.join(", "));

/** The page to forward to the other side: where to connect, what we answer, what we read, what to test. */
export function connectPage(feed: Feed, files: readonly MapFile[]): string {
  const { mllp, expect } = feed;
  const tls = mllp?.tls;
  const where =
    mllp === undefined
      ? "- MLLP: not on this feed"
      : `- MLLP: host \`${mllp.host}\`, port \`${mllp.port}\`, ${tls === undefined ? "no TLS" : `TLS 1.2 or newer${tls.clientCertificate === "required" ? `, with your certificate (${anyOf(tls.subjects)})` : ""}`}
- Addresses that may connect: ${anyOf(mllp.allow)}; at most ${feed.maxConnections} connections; they may stay open`;
  const reads = [...fieldsRead(files, feed)].map(([segment, numbers]) => `| ${segment} | ${numbers.join(", ")} |`).join("\n");
  return `# Connect your EHR

For the people who send to us. Feed \`${feed.name}\`, facility \`${feed.facility}\`.

## Where

${where}
- HTTP: ${feed.http ? `\`POST /hl7v2/${feed.name}\` with \`Content-Type: application/hl7-v2\` and a bearer token` : "not on this feed"}
- Framing: \`0B\`, the message, \`1C 0D\`. Segments end with \`0D\`. At most ${feed.maxFrameBytes} bytes a message, sent within ${feed.frameTimeoutMs / 1000} s.
- MSH-3: ${anyOf(expect.sendingApplication)}; MSH-4: ${anyOf(expect.sendingFacility)}; MSH-5: ${anyOf(expect.receivingApplication)}; MSH-6: ${anyOf(expect.receivingFacility)}
- MSH-11: ${feed.processingIds.join(", ")}; MSH-12: ${feed.versions.length === 0 ? "any 2.x" : feed.versions.join(", ")}; MSH-18: \`UNICODE UTF-8\` or another name of table 0211; empty = ${feed.charset ?? "UTF-8"}
- Times without an offset are read as ${feed.zone}.
- Account number: ${feed.identity.account.join(", else ")}. Patient number: PID-3${feed.identity.patient.length === 0 ? "" : ` (${feed.identity.patient.join(", else ")})`}.

## What we answer

AA (or CA) says that the message is on our disk. Until you have it, keep the message and send it again: a repetition does no harm. AE and AR are
final; ERR says the place and the rule. The whole table is in [acknowledgement.md](acknowledgement.md), the codes in [error-codes.md](error-codes.md).

- A message you number anew (MSH-10) is a new message. The same number with the same bytes within ${feed.duplicates.windowHours} hours is a repetition.
- While our store is down: ${feed.onStoreDown === "close" ? "we close the connection without an answer" : feed.onStoreDown === "CE" ? "CE in enhanced mode, else a closed connection" : "AR with 207"}.

## What we read

Everything is kept. These fields become part of the chart:

| segment | fields |
| --- | --- |
${reads}

A result (OBX-5) is read by OBX-2, and its unit by OBX-6. In an NM a comparator may stand before the number (\`<0.5\`, \`>= 200\`): both
become a quantity with that comparator and the unit. What is no number (\`5-10\`, \`positive\`) stays as text, word for word, and the unit
stands beside it.

## A sample

\`\`\`
MSH|^~\\&|EHR|${expect.sendingFacility[0] ?? feed.facility}|CHARTBRIDGE|HIM|20260310081500-0500||ADT^A01^ADT_A01|1001|${feed.processingIds[0] ?? "P"}|2.5.1
EVN||20260310081500-0500
${segment("PID", {
  1: "1",
  3: `700001^^^${feed.defaultAuthority ?? feed.facility}^MR`,
  5: "SAMPLE^PERSON",
  7: "19700101",
  8: "F",
  11: "1 SAMPLE ST^^SAMPLEVILLE^IL^60000",
  18: "800001",
})}
${segment("PV1", { 1: "1", 2: "I", 3: "4W^401^1", 19: "800001", 44: "20260310080000-0500" })}
\`\`\`

Answer: \`MSA|AA|1001\`.

## Test list

| send | expect |
| --- | --- |
| the sample above | AA |
| the same bytes again | the same answer, no second work |
| the sample with another MSH-10 and MSH-9 \`ADT^A99\` | AR, ERR 201 at MSH-9.2 |
| the sample without PID | AE, ERR 100 at PID |
| the sample with an empty MSH-10 | AR, ERR 101 at MSH-10 |
| the sample with MSH-15 \`AL\` and MSH-16 \`AL\` | CA, then AA when it is charted |
| the sample without its end bytes, then nothing | no answer; the connection is closed after ${feed.frameTimeoutMs / 1000} s |
| a discharge, a charge (DFT^P03) and a document (MDM^T02) of the same account | AA each |
`;
}
