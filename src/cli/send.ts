import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import type { Result } from "#src/base/result.ts";
import { readHeader } from "#src/hl7v2/header.ts";
import {
  connectMllp,
  describeSendFailure,
  type Acknowledgement,
  type MllpConnection,
  type MllpTarget,
  type SendFailure,
} from "#src/destinations/mllp/client.net.ts";

/** Takes one line, without its end. */
export type Print = (line: string) => void;

const LINE_ENDS = /\r\n|\r|\n/;
/** Batch and file envelope (v2.5.1 ch. 2.10.3) and MLLP block characters: they belong to the file, not to a message. */
const ENVELOPE = /^(FHS|BHS|BTS|FTS)\W/;
// oxlint-disable-next-line no-control-regex -- these are the MLLP block characters
const BLOCK_CHARACTERS = /[\x0b\x1c]/g;

/**
 * The messages of a file, each with segments ended by CR as on the wire. A message begins where a line begins with MSH.
 * Bytes within lines are kept as they are, whatever the character set.
 */
export function splitMessages(bytes: Buffer): readonly Buffer[] {
  const messages: string[][] = [];
  const text = bytes.toString("latin1").replace(/^\u00ef\u00bb\u00bf/, "");
  for (const raw of text.split(LINE_ENDS)) {
    const line = raw.replace(BLOCK_CHARACTERS, "");
    if (line.trim() === "" || ENVELOPE.test(line)) continue;
    if (line.startsWith("MSH")) messages.push([line]);
    else messages.at(-1)?.push(line);
  }
  return messages.map((lines) => Buffer.from(`${lines.join("\r")}\r`, "latin1"));
}

const isAccept = (code: string): boolean => code === "AA" || code === "CA";

function lineOf(place: string, message: Buffer, answer: Result<Acknowledgement, SendFailure>): string {
  const header = readHeader(message);
  const what = header.ok ? [header.value.messageType || "(no type)", header.value.controlId || "(no id)"] : ["(no header)", "(no id)"];
  if (!answer.ok) return [place, ...what, describeSendFailure(answer.failure)].join("  ");
  const { code, tookMs, text } = answer.value;
  return [place, ...what, code, `${Math.round(tookMs)} ms`, ...(isAccept(code) || text === "" ? [] : [text])].join("  ");
}

/**
 * Sends every message of the files over MLLP, one after another, and prints one line each.
 * @returns the exit code: 0 when every message was accepted (AA or CA), else 1.
 */
export async function sendFiles(files: readonly string[], target: MllpTarget, out: Print, err: Print): Promise<0 | 1> {
  let connection: MllpConnection | undefined;
  let allAccepted = true;

  const sendOne = async (message: Buffer): Promise<Result<Acknowledgement, SendFailure>> => {
    if (connection?.open !== true) {
      const made = await connectMllp(target);
      if (!made.ok) return made;
      connection = made.value;
    }
    return connection.send(message);
  };

  for (const file of files) {
    const bytes = await readFile(file).catch(() => undefined);
    const messages = bytes === undefined ? [] : splitMessages(bytes);
    if (messages.length === 0) {
      err(`${file}: ${bytes === undefined ? "cannot be read" : "holds no message (no line begins with MSH)"}`);
      allAccepted = false;
    }
    for (const [index, message] of messages.entries()) {
      const answer = await sendOne(message);
      out(lineOf(`${basename(file)}#${index + 1}`, message, answer));
      allAccepted &&= answer.ok && isAccept(answer.value.code);
    }
  }
  connection?.close();
  return allAccepted ? 0 : 1;
}
