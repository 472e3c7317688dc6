import { HOLDS, type HoldCode } from "#src/worklist/holds.ts";
import { EFFECTS, GUARDS, LATE_KINDS, LATE_MESSAGES, PHASE_NAMES, PHASES, type Step } from "#src/worklist/late-messages.ts";
import { STATES } from "#src/worklist/states.ts";
import { TRANSITIONS } from "#src/worklist/transitions.ts";

const row = (...cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
const head = (...cells: readonly string[]): readonly string[] => [row(...cells), row(...cells.map(() => "---"))];
const stepsOf = (steps: readonly Step[]): string => steps.map((step) => `\`${step}\``).join("<br>");

/** docs/work-items.md: states, transitions, holds and late messages, from the tables that the engine runs on. */
export const workItemsPage = (): string =>
  [
    "# Work items",
    "",
    "Made from the engine's tables by `npm run docs`. A coding item is one account and one stream: the facility, or one billing group of the professional side.",
    "Its state is never set by hand: it follows from how far the item is, what holds it, and who has it.",
    "",
    "## States",
    "",
    ...head("State", "Meaning", "Counts as"),
    ...Object.entries(STATES).map(([name, { meaning, counts }]) => row(`\`${name}\``, meaning, counts)),
    "",
    "DNFB: discharged, not final billed. DNFC: discharged, not final coded.",
    "",
    "## Score",
    "",
    "What comes first in a queue: points whose parts are kept with the item and shown with it. The weights are the queue's (`score`); shipped, they add up to 100. Time alone moves",
    "the parts every hour.",
    "",
    ...head("Part", "Shipped", "In full", "Nothing"),
    row("`deadline`", "40", "a week or less to the payer's limit for filing, from the discharge on, less `leadDays`", "60 days or more"),
    row(
      "`answer-by`, in the place of `deadline`",
      "40",
      "of an item that is back from the payer: a week or less to the last day for a corrected claim or an appeal, less `leadDays`",
      "60 days or more",
    ),
    row("`dollars`", "25", "a million dollars of charges, by the logarithm", "none"),
    row("`age`", "20", "ready for a week, counted from the discharge as last corrected until it is coded", "ready just now"),
    row("`unblocked`", "10", "a hold was just lifted", "else"),
    row("`class`", "5", "an inpatient; others by `classes`", ""),
    row("a boost's name", "", "the queue's own, above or below the 100", ""),
    row("`stat`", "100", "a supervisor's word", "else"),
    "",
    "## Transitions",
    "",
    ...head("Id", "From", "Event", "Who", "Guard", "To", "Effect"),
    ...TRANSITIONS.map((one) =>
      row(one.id, one.from.join(", "), one.event, one.who, "guard" in one ? one.guard : "", one.to.join(", "), one.effect),
    ),
    "",
    "## Holds",
    "",
    "A hold says why an item waits. Those of the engine are lifted by what clears them; a person lifts those of persons.",
    "",
    ...head("Hold", "Reason", "Owner", "Blocks", "Cleared by", "Put by"),
    ...(Object.keys(HOLDS) as HoldCode[]).map((code) => {
      const { reason, owner, blocks, clears, setBy } = HOLDS[code];
      return row(`\`${code}\``, reason, owner, blocks, clears, setBy);
    }),
    "",
    "## What happens if a message comes late",
    "",
    "What changed is told from the chart that was judged last and the chart of now, whatever message brought it; so a message that comes twice, or out of order, does nothing twice.",
    "",
    ...head("Message", "", ...PHASE_NAMES.map((phase) => `${phase}: ${PHASES[phase]}`)),
    ...LATE_KINDS.map((kind) => {
      const { message, significance } = LATE_MESSAGES[kind];
      return row(`\`${kind}\`: ${message}`, significance, ...PHASE_NAMES.map((phase) => stepsOf(LATE_MESSAGES[kind][phase])));
    }),
    "",
    ...head("Effect", "Meaning"),
    ...Object.entries(EFFECTS).map(([name, meaning]) => row(`\`${name}\``, meaning)),
    "",
    ...head("If", "Meaning"),
    ...Object.entries(GUARDS).map(([name, meaning]) => row(`\`${name}\``, meaning)),
    "",
    "C0 cosmetic, C1 billing only, C2 a coder must look, C3 identity or structure. A queue's `significance` may say otherwise of an element.",
    "A submit against a chart that changed since the item was opened is answered with the difference, cosmetic changes apart, and may be sent again.",
    "",
    "## What happens if",
    "",
    "- **many coders pull at once**: those who ask while others are served are served together next, each the best item they may have in the order in which they asked;",
    "  nobody gets an item twice or hears that there is none while there is one for them, whatever other processes give out in the same moment.",
    "- **the answer to a pull gets lost**: who names a `leaseId` of their own when they ask, and asks again with it, gets the same encounter and not one more.",
    "- **the chart of an item cannot be read**: the pull that comes upon it fails, so that the error is seen, and for ten minutes that process gives the next item instead.",
    "- **a lease runs out**: the item is back in its queue with its draft; its coder gets it first for the queue's `returnHours`.",
    "- **Redis is lost, restarted or emptied**: the relay sees it, and gives every waiting item its ticket again; leases are rows in Postgres and go on.",
    "- **the queue rules change**: at the start every open item that nobody has is routed anew; `chartbridge queues preview` says beforehand how many move where.",
    "- **a discharge is taken back and comes again** within the queue's debounce: nothing, unless the new discharge says something else.",
    "- **two accounts are merged while both are in coders' hands**: `MERGE-PENDING` stops both until a supervisor has decided.",
    "- **a message of an account comes under another patient's number** and no merge: `PATIENT` stops coding and billing until a merge makes them one, or a supervisor",
    "  has said whose the account is. Lifted, it is put again only by a third patient.",
    "- **charges or documents come before their visit**: the item is made at once and marked as a shadow.",
    "",
  ].join("\n");
