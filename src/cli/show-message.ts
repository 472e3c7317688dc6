import type { MessagePage } from "#src/api/messages/page.ts";
import type { DecodedPart } from "#src/api/messages/decoded-message.ts";

/** Longest value on one line. */
const WIDE = 100;

const shown = (text: string): string => {
  const line = text.replaceAll(/[\r\n]+/g, " / ");
  return line.length > WIDE ? `${line.slice(0, WIDE)} …` : line;
};

function partLines(part: DecodedPart, indent: string): string[] {
  const head = `${indent}${part.place.padEnd(14 - indent.length)} ${part.name ?? "(not in the standard)"}`;
  if (part.parts !== undefined) return [head, ...part.parts.flatMap((one) => partLines(one, `${indent}  `))];
  return [`${head}: ${part.deleted === true ? '"" (deleted)' : shown(part.text ?? "")}`];
}

/** A message's page as text for a terminal. */
export function showMessage(page: MessagePage): string {
  const place = page.place === undefined ? "" : ` at ${page.place}`;
  const lines = [
    `message    ${page.id}`,
    `received   ${page.receivedAt.toISOString()} on feed ${page.feed} (${page.protocol}${page.peer === undefined ? "" : `, from ${page.peer}`}), ${page.bytes} bytes`,
    `type       ${page.messageType ?? "-"}`,
    `verdict    ${page.verdict}${page.repeats === undefined ? "" : `, repeats ${page.repeats}`}`,
    ...(page.verdict === "accepted" ? [`outcome    ${page.outcome ?? "not folded yet"}`] : []),
    ...(page.code === undefined ? [] : [`reason     ${page.code}${place}`]),
    ...(page.explanation === undefined ? [] : [`           ${page.explanation.meaning}`, `           ${page.explanation.ask}`]),
    ...(page.flags.length === 0 ? [] : [`flags      ${page.flags.join(" ")}`]),
    ...(page.accountId === undefined ? [] : [`account    ${page.accountId}`]),
    ...(page.applicationAnswer === undefined
      ? []
      : [
          `application answer  ${page.applicationAnswer.state}${page.applicationAnswer.code === undefined ? "" : `, ${page.applicationAnswer.code}`}`,
        ]),
    ...page.warnings.map((warning) => `warning    ${warning}`),
    ...page.changed.map(({ kind, id, change }) => `changed    ${kind} ${id}: ${change}`),
    "",
    page.answer === undefined ? "No answer was sent." : `Answer ${page.answer.code}:`,
    ...(page.answer?.text === undefined ? [] : page.answer.text.split("\r").flatMap((line) => (line === "" ? [] : [`  ${line}`]))),
    "",
  ];
  for (const { name, title, index, fields } of page.segments ?? []) {
    lines.push(`${name}${index > 1 ? ` (${index})` : ""}  ${title ?? "(not in the standard)"}`);
    for (const field of fields) lines.push(...partLines(field, "  "));
  }
  if ((page.segments ?? []).length === 0 && page.raw !== undefined)
    lines.push(...page.raw.text.split(/[\r\n]+/).map((line) => `  ${shown(line)}`));
  return `${lines.join("\n").trimEnd()}\n`;
}
