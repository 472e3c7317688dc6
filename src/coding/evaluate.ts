import type { DataSet } from "#src/codesets/code-data.ts";
import type { Edit, Report } from "./edits/edit.ts";
import { EDITS } from "./edits/registry.ts";
import { RULE_PACK } from "./findings.ts";
import { PARTS, type Part, type Scene, type SceneInput, sceneOf } from "./scene.ts";
import type { Finding } from "./submission.ts";

/** The edits of one evaluation: ours, and a site's own behind them. */
export interface EditPack {
  /** Stored with every coding version. */
  readonly name: string;
  readonly edits: readonly Edit[];
}

export const BUILTIN_PACK: EditPack = { name: RULE_PACK, edits: EDITS };

/** A code set and a day it has nothing for. */
interface Gap {
  readonly set: DataSet;
  readonly date: string;
}

interface Outcome {
  readonly findings: readonly Finding[];
  readonly gaps: readonly Gap[];
}

/** What an evaluation came to, and what the next one needs to run only what a change touches. */
export interface Evaluation {
  readonly findings: readonly Finding[];
  readonly scene: Scene;
  readonly pack: EditPack;
  readonly outcomes: ReadonlyMap<string, Outcome>;
  /** Ids of the edits that ran; the others kept their findings. */
  readonly ran: readonly string[];
}

function applies({ streams, payers, from, to }: Edit, { kind, visit, day }: Scene): boolean {
  if (!streams.includes(kind)) return false;
  if (payers === "medicare" ? !visit.medicare : payers !== undefined && !payers.includes(visit.payerId ?? "")) return false;
  return (from === undefined || day === "" || day >= from) && (to === undefined || day === "" || day <= to);
}

function runEdit(edit: Edit, scene: Scene): Outcome {
  const findings: Finding[] = [];
  const gaps = new Map<string, Gap>();
  const data = (edit.sets ?? []).flatMap((set) => {
    const version = scene.day === "" ? undefined : scene.data.versionOf(set, scene.day);
    if (version === undefined) return [];
    return [version.startsWith(set) ? version : `${set} ${version}`];
  });
  const report: Report = {
    at: (path, message, fix, severity = edit.severity[0]) => {
      findings.push({
        rule: edit.id,
        severity,
        path,
        message,
        fix,
        citation: edit.citation,
        version: `${edit.id} ${edit.version}`,
        ...(data.length === 0 ? {} : { data }),
      });
    },
    known: (answer, set, date) => {
      if (answer !== "no-data") return answer;
      gaps.set(`${set} ${date}`, { set, date });
      return undefined;
    },
  };
  edit.run(scene, report);
  return { findings, gaps: [...gaps.values()] };
}

/** One finding for each set and day that there is no data for, naming the edits that could not look. Never a word on the codes. */
function noData(pack: EditPack, outcomes: ReadonlyMap<string, Outcome>): readonly Finding[] {
  const waiting = new Map<string, { readonly gap: Gap; readonly edits: string[] }>();
  for (const { id } of pack.edits)
    for (const gap of outcomes.get(id)?.gaps ?? []) {
      const key = `${gap.set} ${gap.date}`;
      const known = waiting.get(key);
      if (known === undefined) waiting.set(key, { gap, edits: [id] });
      else known.edits.push(id);
    }
  return [...waiting.values()].map(({ gap: { set, date }, edits }) => ({
    rule: "NO-DATA",
    severity: "info",
    kind: "no-data",
    path: `data.${set}`,
    message: `There is no data for ${date} in ${set}, so ${edits.join(", ")} did not look.`,
    fix: "Have the set of that day imported: chartbridge codesets import.",
    citation: "45 CFR 162.1002: codes are judged by the set of their day",
    version: pack.name,
  }));
}

const EVERYTHING: ReadonlySet<Part> = new Set(PARTS);

/** Parts in which two scenes differ; all of them when they do not compare (other data, policy, payer or kind of claim). */
function changedParts(before: Scene, now: Scene): ReadonlySet<Part> {
  if (before.data !== now.data || before.policy !== now.policy || before.input.site !== now.input.site) return EVERYTHING;
  if (before.kind !== now.kind || before.keys.visit !== now.keys.visit || before.day !== now.day) return EVERYTHING;
  return new Set(PARTS.filter((part) => before.keys[part] !== now.keys[part]));
}

/**
 * Runs every edit over one coded account. Pure: the same input and pack give the same findings in the same order, so a
 * past day is rehearsed, and a denial is tried against a rule, by calling this with other data or another pack.
 * @param before an evaluation to go on from: edits that read nothing of what changed keep their findings.
 */
export function evaluate(input: SceneInput, pack: EditPack = BUILTIN_PACK, before?: Evaluation): Evaluation {
  const going = before?.pack === pack ? before : undefined;
  const scene = sceneOf(input, going?.scene);
  const changed = going === undefined ? EVERYTHING : changedParts(going.scene, scene);
  const outcomes = new Map<string, Outcome>();
  const ran: string[] = [];
  for (const edit of pack.edits) {
    if (!applies(edit, scene)) continue;
    const kept = going !== undefined && !edit.reads.some((part) => changed.has(part)) ? going.outcomes.get(edit.id) : undefined;
    if (kept === undefined) ran.push(edit.id);
    outcomes.set(edit.id, kept ?? runEdit(edit, scene));
  }
  const findings = pack.edits.flatMap(({ id }) => outcomes.get(id)?.findings ?? []);
  return { findings: [...findings, ...noData(pack, outcomes)], scene, pack, outcomes, ran };
}
