import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

/** Where each behaviour of the protocol edge is shown: its number in the list of 47, what it is, and the tests by file and title. */
const F = "framing-and-socket";
const H = "header-and-answer";
const C = "characters-and-delimiters";
const D = "duplicates-and-order";
type Shown = readonly [file: string, title: string];
const BEHAVIOURS: readonly (readonly [n: number, what: string, ...tests: Shown[]])[] = [
  [
    1,
    "one message however TCP cuts it, in linear time",
    [F, "gives the same single message wherever TCP cuts it"],
    ["load", "a frame of 10 MB in pieces of 1 KB is cut out in time linear in its bytes"],
  ],
  [2, "end byte and carriage return in two segments", [F, "ends a frame whose end byte and carriage return come in different segments"]],
  [3, "two messages in one segment, answered in order", [F, "answers messages of one segment in order, one answer each"]],
  [4, "bytes between frames", [F, "ignores and counts blanks, line ends and stray acknowledgement bytes between frames"]],
  [5, "a start byte inside an open frame", [F, "closes a frame at the start byte of the next, and never joins the two"]],
  [
    6,
    "an end byte without its carriage return",
    [F, "takes an end byte without its carriage return when the next frame starts, and flags it"],
    [F, "takes an end byte without its carriage return when the frame's time is up"],
    [F, "refuses an end byte without its carriage return on a feed that is strict"],
  ],
  [7, "a frame that is never finished", [F, "keeps a frame that is begun and never finished as incomplete, closes, and answers nothing"]],
  [8, "a reset within a frame", [F, "keeps what had come when the connection is reset within a frame"]],
  [
    9,
    "an empty frame",
    [F, "records an empty frame, makes no work of it, and by default does not answer it"],
    [F, "answers an empty frame where the feed says so, without inventing a control id"],
  ],
  [10, "block bytes inside the content", [F, "takes end bytes inside the content for content, and flags them"]],
  [
    11,
    "a message without a frame",
    [F, "records text without a frame as unframed"],
    [F, "takes text without a frame on a feed that tolerates it, and answers without one"],
  ],
  [
    12,
    "TLS on a plain port, plain text on a TLS port",
    [F, "hello on a plain port is recognised and named"],
    [F, "port names plain text as such, and keeps it"],
  ],
  [13, "connections stay open", [F, "stays open across messages"], [F, "is closed after the feed's idle time, and kept without one"]],
  [14, "a sender that closes its half", [F, "gets its answer though it has closed its half"]],
  [15, "the limit of connections", [F, "over the limit is refused at once and counted"]],
  [16, "a frame over the limit", [F, "keeps of a frame over the limit its head, answers it by its MSH, and reads on behind it"]],
  [17, "a peer that reads no answers", [F, "whose peer reads no answers is not read from"]],
  [
    18,
    "a graceful stop and a restart",
    [F, "is answered for what is in hand when we stop, takes no more, and the port is free"],
    ["../journey/killed-engine", "an engine killed three times under load has every message once"],
  ],
  [19, "CR, LF and CRLF", [C, "ended with %s are read the same, and kept as they came"]],
  [20, "bytes before MSH", [C, "behind %s are tolerated and flagged"]],
  [21, "any five delimiters", [C, "are read from the message, all five of them"]],
  [22, "a truncation character", [C, "of five characters in MSH-2 have a truncation character, which the answer repeats"]],
  [23, "a short MSH-2", [C, "that MSH-2 does not declare are absent, and never the next character"]],
  [
    24,
    "MSH-18",
    [C, "of MSH-18 %j are decoded right"],
    [C, "of a feed with a default are decoded by it when MSH-18 is empty"],
    [C, "of an unknown set are refused with the place, never guessed"],
    ["../hl7v2/charsets", "%s of table 0211 is decoded"],
  ],
  [25, "bytes that contradict MSH-18", [C, "that contradict their declaration are kept byte for byte"]],
  [
    26,
    "repetitions of MSH-18, and MSH-20",
    [C, "in repetitions of MSH-18 are recognised, and switching sets by MSH-20 is refused explicitly"],
  ],
  [27, "the answer's characters", [C, "of the answer are those of the message, and MSH-18 says so by its table's name"]],
  [
    28,
    "escapes",
    [C, "have their escapes decoded once, at the leaf"],
    ["../hl7v2/serialise", "is read back as what was written, for any texts and any delimiters"],
  ],
  [29, "null and empty", [C, "delete, and empty ones leave alone, all the way into FHIR"]],
  [30, "times", [C, "of time keep their precision and offset: no invented midnight, no invented zone"]],
  [31, "what is not expected", [C, "that nobody knows, versions, more fields and more components than defined never fail a message"]],
  [
    32,
    "the answer's MSH",
    [
      H,
      "swaps sender and receiver with all their components, echoes processing id with its mode and version, and has a control id of its own",
    ],
  ],
  [33, "MSA-2", [H, "repeats the control id %j byte for byte"]],
  [34, "no MSH-10", [H, "invents no control id: without one the answer is AR or CR with ERR 101 at MSH-10, and the message is kept"]],
  [35, "original mode", [H, "there is exactly one answer, AA, AE or AR"]],
  [
    36,
    "enhanced mode, each of 16 combinations",
    [H, "MSH-15 %s and MSH-16 %s are kept to when all goes well"],
    [H, "MSH-15 %s and MSH-16 %s are kept to when the message is not acceptable"],
    [H, "MSH-16 %s decides whether the sender hears that the message could not be applied"],
  ],
  [
    37,
    "the store down",
    [H, "a sender gets no answer and a closed connection, so that it keeps the message"],
    [H, "gives CE in enhanced mode where the feed says so, and still no answer in original mode"],
    [H, "gives AR with 207 where the feed says so, and never AE, whatever letter the feed prefers"],
    ["../journal/store-outage", "PostgreSQL stopped while a sender sends"],
  ],
  [
    38,
    "AR or AE",
    [H, "says where and why: %s"],
    [H, "has the letter that the feed prefers: %s"],
    [H, "is an event that HL7 defines and the feed does not use: AA, and filtered"],
  ],
  [
    39,
    "conditions of table 0357",
    [H, "says where and why: %s"],
    [D, "is refused with AR 205 on a feed that rejects, at every try, and the first content stays known"],
  ],
  [
    40,
    "ERR by the sender's version",
    [H, "is written in the sender's version: ERR-1 up to v2.4, and MSA-3 for those who show nothing else"],
    [H, "has an ERR for each thing that is wrong"],
  ],
  [
    41,
    "nothing of a patient in an answer, a log line or a label",
    [H, "never says a value of the message, only place and rule"],
    ["../journey/no-patient-data", "no log line, Redis key or value, and no clear column holds what identifies a patient"],
    ["../telemetry/metrics", "hold nothing of a message"],
  ],
  [42, "an acknowledgement that comes in", [H, "is never acknowledged and never becomes work"]],
  [43, "test messages", [H, "is a test or debugging message, though the feed takes it, and one of an archive"]],
  [
    44,
    "who sends and to whom",
    [H, "is checked against what the feed expects, and refused otherwise"],
    [F, "admits the certificates that the feed names, shows whose it is, and refuses others"],
  ],
  [
    45,
    "repetitions and reuse of a control id",
    [D, "gets the answer of the message it repeats, byte for byte, and makes no new work"],
    [D, "is known after a restart"],
    [D, "is known when both arrive at once on two connections of two engines"],
    [D, "of a control id after the feed's window is a new message"],
    [D, "by an operator is exempt"],
    [D, "is by default new, and flagged"],
    [D, "is kept for a person on a feed that holds"],
  ],
  [
    46,
    "order of one patient's messages",
    [D, "of one patient's messages is one lane, whichever connection they come on"],
    [D, "is reported where MSH-13 leaves a gap, repeats, or MSH-7 goes back"],
    ["../journal/fold-cursor", "never passes a commit that is held open, and reads everything in order when it ends"],
    ["../journey/killed-engine", "an engine killed three times under load has every message once"],
  ],
  [
    47,
    "files and batches",
    ["files", "is not sunk by one bad message: the others are accepted, and each answer says what became of its message"],
    ["files", "whose trailer counts wrongly is taken, and the count is told"],
    ["files", "is not taken while it is still being written"],
    ["files", "of the same content is taken once, and set aside the second time without its name in the log"],
    ["files", "stays where it is until everything in it is committed, and is then taken from the start"],
  ],
];

it("are all there: 47 behaviours, by number", () => {
  expect(BEHAVIOURS.map(([n]) => n)).toEqual(Array.from({ length: 47 }, (_, n) => n + 1));
});

it.each(BEHAVIOURS.map(([n, what, ...tests]) => [n, what, tests] as const))("behaviour %i, %s, has its tests", (_n, _what, tests) => {
  expect(tests.length).toBeGreaterThan(0);
  for (const [file, title] of tests) {
    const source = readFileSync(join(import.meta.dirname, `${file}.test.ts`), "utf8");
    // A title is the text before the function of a test.
    const titles = [...source.matchAll(/(["'`])((?:(?!\1)[^\\\n]|\\.)*)\1,\s*(?:async )?\(/g)].map((match) => match[2] ?? "");
    expect(
      titles.some((one) => one.includes(title)),
      `${file}: ${title}`,
    ).toBe(true);
    expect(source).not.toMatch(/\b(?:it|describe)\.(?:skip|todo)\(/);
  }
});
