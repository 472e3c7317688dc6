import { dotted, tidy } from "./codes.ts";
import type { CodeSubmission } from "./submission.ts";

/** One difference between two coding versions. Codes and indicators only. */
export interface Change {
  readonly what:
    | "diagnosis added"
    | "diagnosis removed"
    | "present on admission"
    | "use"
    | "principal diagnosis"
    | "order"
    | "procedure added"
    | "procedure removed"
    | "line added"
    | "line removed"
    | "line changed"
    | "abstract";
  readonly code?: string;
  readonly before?: string;
  readonly after?: string;
}

type Dx = CodeSubmission["diagnoses"][number];
type Line = CodeSubmission["lines"][number];

const kindOf = ({ use }: Dx): string => (use === "admitting" || use === "patientreasonforvisit" ? use : "reported");
const keyOf = (dx: Dx): string => `${kindOf(dx)} ${dotted(dx.code)}`;
const principalOf = ({ diagnoses }: CodeSubmission): string | undefined => {
  const principal = diagnoses.find(({ use }) => use === "principal");
  return principal === undefined ? undefined : dotted(principal.code);
};

const value = (name: "before" | "after", text: string | undefined): Partial<Change> => (text === undefined ? {} : { [name]: text });
const changed = (what: Change["what"], code: string | undefined, before: string | undefined, after: string | undefined): Change => ({
  what,
  ...(code === undefined ? {} : { code }),
  ...value("before", before),
  ...value("after", after),
});

function diagnosisChanges(before: CodeSubmission, after: CodeSubmission): readonly Change[] {
  const old = new Map(before.diagnoses.map((dx) => [keyOf(dx), dx]));
  const now = new Map(after.diagnoses.map((dx) => [keyOf(dx), dx]));
  const kept = [...now.keys()].filter((key) => old.has(key));
  const order = [...old.keys()].filter((key) => now.has(key));
  return [
    ...[...now].flatMap(([key, dx]): readonly Change[] => {
      const was = old.get(key);
      if (was === undefined) return [changed("diagnosis added", dotted(dx.code), undefined, dx.use)];
      return [
        ...(was.onAdmission === dx.onAdmission ? [] : [changed("present on admission", dotted(dx.code), was.onAdmission, dx.onAdmission)]),
        ...(was.use === dx.use ? [] : [changed("use", dotted(dx.code), was.use, dx.use)]),
      ];
    }),
    ...[...old].flatMap(([key, dx]) => (now.has(key) ? [] : [changed("diagnosis removed", dotted(dx.code), dx.use, undefined)])),
    ...(principalOf(before) === principalOf(after)
      ? []
      : [changed("principal diagnosis", undefined, principalOf(before), principalOf(after))]),
    ...(kept.join() === order.join()
      ? []
      : [changed("order", undefined, order.map((key) => key.split(" ")[1]).join(" "), kept.map((key) => key.split(" ")[1]).join(" "))]),
  ];
}

/** A multiset difference: what `a` has more of than `b`. */
function more(a: readonly string[], b: readonly string[]): readonly string[] {
  const left = [...b];
  return a.filter((one) => {
    const at = left.indexOf(one);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

const lineText = ({ procedureCode, modifiers, revenueCode, units, amountCents, serviceDate, diagnosisPointers }: Line): string =>
  [
    procedureCode === undefined ? "" : tidy(procedureCode),
    modifiers.join("-"),
    revenueCode,
    units,
    amountCents,
    serviceDate,
    `->${diagnosisPointers.join()}`,
  ].join("|");

function lineChanges(before: CodeSubmission, after: CodeSubmission): readonly Change[] {
  const ofCharge = (lines: readonly Line[]) =>
    new Map(lines.flatMap((line) => (line.chargeId === undefined ? [] : [[line.chargeId, lineText(line)] as const])));
  const own = (lines: readonly Line[]) => lines.filter(({ chargeId }) => chargeId === undefined).map(lineText);
  const [old, now] = [ofCharge(before.lines), ofCharge(after.lines)];
  const codeIn = (text: string): string | undefined => text.split("|")[0] || undefined;
  return [
    ...[...now].flatMap(([id, text]) => {
      const was = old.get(id);
      if (was === undefined) return [changed("line added", codeIn(text), undefined, text)];
      return was === text ? [] : [changed("line changed", codeIn(text), was, text)];
    }),
    ...[...old].flatMap(([id, text]) => (now.has(id) ? [] : [changed("line removed", codeIn(text), text, undefined)])),
    ...more(own(after.lines), own(before.lines)).map((text) => changed("line added", codeIn(text), undefined, text)),
    ...more(own(before.lines), own(after.lines)).map((text) => changed("line removed", codeIn(text), text, undefined)),
  ];
}

/** What one coding version changed of another. Empty when a claim made of either would be the same. */
export function diffVersions(before: CodeSubmission, after: CodeSubmission): readonly Change[] {
  const pcs = ({ procedures }: CodeSubmission): readonly string[] =>
    procedures.map(({ code, date, performerNpi }) => [tidy(code), date, performerNpi ?? ""].join(" "));
  const abstracts = [JSON.stringify(before.abstract ?? {}), JSON.stringify(after.abstract ?? {})] as const;
  return [
    ...diagnosisChanges(before, after),
    ...more(pcs(after), pcs(before)).map((text) => changed("procedure added", text.split(" ")[0], undefined, text)),
    ...more(pcs(before), pcs(after)).map((text) => changed("procedure removed", text.split(" ")[0], text, undefined)),
    ...lineChanges(before, after),
    ...(abstracts[0] === abstracts[1] ? [] : [changed("abstract", undefined, ...abstracts)]),
  ];
}
