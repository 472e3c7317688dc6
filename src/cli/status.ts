import { isRunning, type RunFile } from "#src/config/run-file.ts";
import type { AnswerPollStatus, Counted, LineStatus } from "#src/telemetry/line-status.pg.ts";

const list = (rows: readonly Counted[]): string => (rows.length === 0 ? "none" : rows.map(({ name, n }) => `${name} ${n}`).join(", "));

const second = (at: Date): string => `${at.toISOString().slice(0, 19)}Z`;

function showPoll({ destination, roundAt, code, failingSince, taken, parked, unreadable }: AnswerPollStatus): string {
  const last = roundAt === null ? "not fetched yet" : `fetched up to ${second(roundAt)}`;
  const failing = code === null ? "" : `, failing since ${failingSince === null ? "?" : second(failingSince)} (${code})`;
  const left = unreadable === 0 ? "" : `, ${unreadable} cannot be taken (npx chartbridge answers unreadable)`;
  return `answers     ${destination}: ${last}${failing}: ${taken} taken${parked === 0 ? "" : `, ${parked} parked`}${left}`;
}

/** The report as text for a terminal. */
export function showStatus(report: LineStatus, run: RunFile, redis: string): string {
  const { books, troubles } = report;
  const engine = isRunning(run) ? `running since ${run.startedAt} (pid ${run.pid}), API ${run.http}` : "not running";
  const { verdicts, outcomes } = books;
  const lines = [
    `engine      ${engine}`,
    `redis       ${redis}`,
    `received    ${books.received} = ${verdicts.accepted} accepted + ${verdicts.refused} refused + ${verdicts.duplicate} duplicate + ${verdicts.incomplete} incomplete`,
    `accepted    ${verdicts.accepted} = ${outcomes.applied} applied + ${outcomes.filtered} filtered + ${outcomes.failed} failed + ${outcomes.parked} parked + ${books.notYetFolded} not yet folded`,
    ...report.refusals.map(
      ({ feed, refused, laterAccepted, stillOwed, unidentified }) =>
        `refused     ${feed}: ${refused} = ${laterAccepted} later accepted + ${stillOwed} still owed by the sender${unidentified > 0 ? ` (${unidentified} without a control id)` : ""}`,
    ),
    `items       ${list(report.items)}`,
    `ready       ${list(report.ready)}${report.dirtyItems > 0 ? ` (${report.dirtyItems} tickets on their way to Redis)` : ""}`,
    `deliveries  ${list(report.deliveries)}`,
    ...report.destinationsAway.map(
      ({ destination, state, since, code, until }) =>
        `away        ${destination}: ${state} since ${since?.toISOString().slice(0, 19) ?? "?"}Z${code === null ? "" : ` (${code})`}${until === null ? "" : `, next probe ${until.toISOString().slice(0, 19)}Z`}`,
    ),
    ...report.answerPolls.map(showPoll),
    ...(report.deliveriesForPeople.length === 0
      ? []
      : [`to decide   ${list(report.deliveriesForPeople)} (npx chartbridge deliveries --waiting)`]),
  ];
  if (books.oldestWaitingSeconds > 5) lines.push(`waiting     the oldest record not yet folded is ${books.oldestWaitingSeconds} s old`);
  if (troubles.length > 0) lines.push("", "To look at (newest first):");
  for (const trouble of troubles)
    lines.push(
      `  ${trouble.receivedAt.toISOString().slice(0, 19)}Z  ${trouble.what.padEnd(10)} ${(trouble.messageType ?? "?").padEnd(8)} ${trouble.feed.padEnd(10)} ${trouble.code ?? ""}${trouble.place === undefined ? "" : ` at ${trouble.place}`}  record ${trouble.recordId}${trouble.accountId === undefined ? "" : `  account ${trouble.accountId}`}`,
    );
  if (troubles.some((trouble) => trouble.what === "failed" || trouble.what === "parked"))
    lines.push("", "What failed, and what to do about it: npx chartbridge failures");
  return `${lines.join("\n")}\n`;
}
