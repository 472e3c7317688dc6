import { type AnswerContext, dtm } from "./acknowledgement.ts";
import type { Batch, BatchFile, BatchMessage, EnvelopeFields, MessageBatch } from "./batch.ts";
import { readHeader } from "./header.ts";

/** The acknowledgement of one message of a batch. */
export interface MessageAnswer {
  readonly bytes: Buffer;
  /** Refusals are what a batch of errors only holds. */
  readonly refused: boolean;
}

export interface BatchAnswerOptions extends AnswerContext {
  /** Only refusals are in the batch; an empty one says that all is well (v2.5.1 ch. 2.10.3.3). */
  readonly errorsOnly: boolean;
}

/** Header of the answer: sender and receiver changed places, field 12 names the header that is answered. */
function answerHeader(tag: "FHS" | "BHS", asked: EnvelopeFields, controlId: string, answers: string, at: Date): string {
  const separator = asked[1] ?? "|";
  const encoding = asked[2] === undefined || asked[2].trim() === "" ? "^~\\&" : asked[2];
  const values = [tag, encoding, asked[5], asked[6], asked[3], asked[4], dtm(at), "", "", "", controlId, answers];
  return values.map((value) => value ?? "").join(separator);
}

/** Who sent a batch that has no BHS: its first message tells (MSH-3 to MSH-6 are where BHS-3 to BHS-6 would be). */
function impliedHeader({ messages }: MessageBatch): EnvelopeFields {
  const header = messages[0] === undefined ? undefined : readHeader(messages[0].bytes);
  return header?.ok === true ? header.value.fields : [];
}

function answerBatch(batch: MessageBatch, answers: readonly MessageAnswer[], controlId: string, at: Date): readonly Buffer[] {
  const asked = batch.header ?? impliedHeader(batch);
  return [
    segment(answerHeader("BHS", asked, controlId, batch.controlId, at)),
    ...answers.map(({ bytes }) => bytes),
    segment(["BTS", String(answers.length)].join(asked[1] ?? "|")),
  ];
}

const segment = (text: string): Buffer => Buffer.from(`${text}\r`, "latin1");

/**
 * The file that answers a file: a batch of acknowledgements for each batch (v2.5.1 ch. 2.10.3.3), within FHS and FTS where the
 * file has an FHS. BHS-12 and FHS-12 echo the control ids BHS-11 and FHS-11, BTS-1 counts the acknowledgements.
 *
 * @param answers a message without an entry wants none, or gets none.
 * @param options.controlId stem of our own BHS-11 and FHS-11.
 */
export function batchAcknowledgement(
  batch: Batch,
  answers: ReadonlyMap<BatchMessage, MessageAnswer>,
  { at, controlId, errorsOnly }: BatchAnswerOptions,
): Buffer {
  let batches = 0;
  const answerFile = (file: BatchFile, n: number): readonly Buffer[] => {
    const content = file.batches.flatMap((one) => {
      const given = one.messages.flatMap((message) => answers.get(message) ?? []);
      return answerBatch(one, errorsOnly ? given.filter(({ refused }) => refused) : given, `${controlId}-${++batches}`, at);
    });
    if (file.header === undefined) return content;
    const header = answerHeader("FHS", file.header, n === 0 ? controlId : `${controlId}-F${n + 1}`, file.controlId, at);
    const trailer = ["FTS", String(file.batches.length)].join(file.header[1] ?? "|");
    return [segment(header), ...content, segment(trailer)];
  };
  return Buffer.concat(batch.files.flatMap(answerFile));
}
