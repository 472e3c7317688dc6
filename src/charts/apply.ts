import type { AccountId } from "#src/base/ids.ts";
import type { Mapped, Merge } from "#src/mapping/types.ts";
import { type Addressed, address, type Aliases } from "./aliases.ts";
import type { OpenChart } from "./open-chart.ts";
import { absorb, moveVisit, rename, retireNumber } from "./combine.ts";
import { type Applied, applyMessage, type ChartWatch, deltaOf, watchChart } from "./merge.ts";

/** The charts of a batch and the numbers that stand for others. */
export interface Book {
  readonly charts: ReadonlyMap<string, OpenChart>;
  readonly aliases: Aliases;
}

/** What a message did: charts that changed, with the one it was of first; or the account that it has to wait for. */
export type Effect =
  | {
      readonly kind: "applied";
      readonly account: OpenChart | undefined;
      /** Charts that readers see differently now. */
      readonly changed: readonly OpenChart[];
      /** Charts to write: those, and those of which only times changed. */
      readonly written: readonly OpenChart[];
      readonly severalAccounts: boolean;
    }
  | { readonly kind: "waits"; readonly account: OpenChart };

/** The merges of a message and of those it came with. */
export const mergesIn = (mapped: Mapped): readonly Merge[] => [...(mapped.merges ?? []), ...(mapped.others ?? []).flatMap(mergesIn)];

type Watched = Map<OpenChart, ChartWatch>;

const MERGES_ACCOUNTS: ReadonlySet<Merge["kind"]> = new Set(["account", "move-account", "change-account-number"]);
const MERGES_VISITS: ReadonlySet<Merge["kind"]> = new Set(["visit", "move-visit", "change-visit-number"]);

const holding = ({ charts }: Book, key: string): readonly OpenChart[] =>
  [...charts.values()].filter(({ content }) => content.resources.has(key));

/** Every chart that a merge reads or writes. */
function chartsOfMerge(book: Book, { kind, surviving, prior }: Merge): readonly OpenChart[] {
  const { charts, aliases } = book;
  if (MERGES_ACCOUNTS.has(kind))
    return [prior, surviving].flatMap(({ resourceId }) => charts.get(aliases.resolve("Account", resourceId)) ?? []);
  const type = MERGES_VISITS.has(kind) ? "Encounter" : "Patient";
  return holding(book, `${type}/${aliases.resolve(type, prior.resourceId)}`);
}

/**
 * Applies one mapped message: its merges and changes of numbers first, in order, then what it says. With a chart that waits for a
 * person among those it concerns nothing is done.
 */
export function applyMapped(mapped: Mapped, book: Book, recordId: string): Effect {
  const parts = [mapped, ...(mapped.others ?? [])];
  const merges = parts.flatMap((part) => (part.merges ?? []).map((merge) => ({ merge, part })));
  const concerned = [
    ...parts.flatMap((part) => book.charts.get(address(part, book.aliases).accountId ?? "") ?? []),
    ...merges.flatMap(({ merge }) => chartsOfMerge(book, merge)),
  ];
  const waiting = concerned.find(({ interfaceFailed }) => interfaceFailed);
  if (waiting !== undefined) return { kind: "waits", account: waiting };

  const watched: Watched = new Map();
  const watch = (chart: OpenChart): ChartWatch => {
    const have = watched.get(chart) ?? watchChart(chart.content);
    watched.set(chart, have);
    return have;
  };
  const ofThePatient = new Set(merges.flatMap(({ merge, part }) => applyMerge(merge, { ...book, part, recordId, watch })));

  const moved = new Set<OpenChart>();
  const tell = (chart: OpenChart, message: Addressed["message"]): void => {
    if (applyMessage(chart.content, message, watch(chart))) moved.add(chart);
  };
  let account: OpenChart | undefined;
  for (const part of parts) {
    const { accountId, message } = address(part, book.aliases);
    const chart = book.charts.get(accountId ?? "");
    account ??= chart;
    if (chart !== undefined) tell(chart, message);
    // All accounts of a merged patient learn who the patient is now.
    const person = message.resources.filter(({ resource }) => resource.resourceType === "Patient");
    for (const other of ofThePatient)
      if (other !== chart && other.mergedInto === undefined) tell(other, { ...message, resources: person, wholeSets: [] });
  }
  const changed: OpenChart[] = [];
  for (const [chart, one] of watched) if (settle(chart, one.end(), moved.has(chart), mapped, recordId)) changed.push(chart);
  const written = [...watched.keys()].filter((chart) => chart.dirty.size > 0 || chart.retimed.size > 0 || chart.setsMoved);
  return { kind: "applied", account, changed, written, severalAccounts: merges.length > 0 || parts.length > 1 };
}

/** Notes what there is to write. @returns whether readers see a difference, or the account itself changed. */
function settle(chart: OpenChart, applied: Applied, setsMoved: boolean, mapped: Mapped, recordId: string): boolean {
  const differs = applied.changed.length > 0 || applied.removed.length > 0;
  if (differs) {
    chart.version++;
    chart.deltas.push({ version: chart.version, recordId, delta: deltaOf(mapped, applied) });
    for (const resource of applied.changed) chart.shownAt.set(`${resource.resourceType}/${resource.id}`, chart.version);
  }
  for (const key of applied.touched) chart.dirty.add(key);
  for (const key of applied.retimed) chart.retimed.add(key);
  if (setsMoved) chart.setsMoved = true;
  return differs;
}

/** One merge of a record, with what it needs. */
interface Merging extends Book {
  readonly part: Mapped;
  readonly recordId: string;
  readonly watch: (chart: OpenChart) => ChartWatch;
}

/** @returns the charts of a patient whom the message describes. */
function applyMerge(merge: Merge, merging: Merging): readonly OpenChart[] {
  if (MERGES_ACCOUNTS.has(merge.kind)) mergeAccounts(merge, merging);
  else if (MERGES_VISITS.has(merge.kind)) mergeVisits(merge, merging);
  else return mergePatients(merge, merging);
  return [];
}

function mergePatients(merge: Merge, { watch, recordId, ...book }: Merging): readonly OpenChart[] {
  const { aliases } = book;
  const from = aliases.resolve("Patient", merge.prior.resourceId);
  const to = aliases.resolve("Patient", merge.surviving.resourceId);
  if (from !== to) {
    for (const chart of holding(book, `Patient/${from}`))
      rename(chart.content, watch(chart), new Map([[`Patient/${from}`, `Patient/${to}`]]));
    aliases.add({ kind: "Patient", from, to, retired: true, recordId });
  }
  return holding(book, `Patient/${to}`);
}

function mergeAccounts({ kind, prior, surviving }: Merge, merging: Merging): void {
  const { aliases, charts, watch, recordId } = merging;
  const from = aliases.resolve("Account", prior.resourceId);
  const to = aliases.resolve("Account", surviving.resourceId);
  const chart = charts.get(from);
  const target = charts.get(to);
  if (chart === undefined || target === undefined) return;
  if (from === to) {
    if (kind !== "account") chart.number = surviving;
    if (kind === "move-account") becomePatient(chart, merging);
    return;
  }
  if (kind !== "account" && target.content.resources.size === 0 && chart.content.resources.size > 0) {
    // Nothing is known under the new number: the account keeps its chart and its work, and is called by the new number.
    chart.number = surviving;
    retireNumber(chart.content, watch(chart), `Account/${from}`);
    aliases.add({ kind: "Account", from, to: from, retired: true, recordId });
    aliases.add({ kind: "Account", from: to, to: from, retired: false, recordId });
    if (kind === "move-account") becomePatient(chart, merging);
    return;
  }
  absorb(
    { chart: chart.content, watch: watch(chart) },
    { chart: target.content, watch: watch(target) },
    new Map([[`Account/${from}`, `Account/${to}`]]),
  );
  chart.setsMoved = true;
  target.setsMoved = true;
  chart.mergedInto = to as AccountId;
  target.absorbed.push(from as AccountId);
  aliases.add({ kind: "Account", from, to, retired: true, recordId });
  becomePatient(target, merging);
}

function mergeVisits({ prior, surviving }: Merge, merging: Merging): void {
  const { aliases, charts, part, watch, recordId } = merging;
  const from = aliases.resolve("Encounter", prior.resourceId);
  const to = aliases.resolve("Encounter", surviving.resourceId);
  const named = part.account === undefined ? undefined : aliases.resolve("Account", part.account.resourceId);
  const target = named === undefined ? holding(merging, `Encounter/${to}`)[0] : charts.get(named);
  for (const chart of holding(merging, `Encounter/${from}`)) {
    const into = target ?? chart;
    const references = new Map(from === to ? [] : [[`Encounter/${from}`, `Encounter/${to}`]]);
    chart.setsMoved = true;
    if (into === chart) {
      rename(chart.content, watch(chart), references);
      continue;
    }
    references.set(`Account/${chart.accountId}`, `Account/${into.accountId}`);
    into.setsMoved = true;
    moveVisit({ chart: chart.content, watch: watch(chart) }, { chart: into.content, watch: watch(into) }, from, references);
    if (![...chart.content.resources.keys()].some((key) => key.startsWith("Encounter/"))) chart.emptiedInto = into.accountId;
    into.absorbed.push(chart.accountId);
    becomePatient(into, merging);
  }
  if (from !== to) aliases.add({ kind: "Encounter", from, to, retired: true, recordId });
  // A message that still names the account the visit was in belongs to the one it is in.
  const home = target?.accountId ?? named;
  if (home !== undefined)
    for (const visit of new Set([prior.resourceId, surviving.resourceId, from, to]))
      if (visit !== surviving.resourceId || prior.resourceId === surviving.resourceId)
        aliases.add({ kind: "AccountOfVisit", from: visit, to: home, retired: true, recordId });
}

/** Everything in the chart is of the message's patient; elsewhere the other patient stays who he is. */
function becomePatient(chart: OpenChart, { aliases, part, watch, recordId }: Merging): void {
  if (part.patientId === undefined) return;
  const to = aliases.resolve("Patient", part.patientId, [chart.accountId]);
  const others = [...chart.content.resources.keys()].filter((key) => key.startsWith("Patient/") && key !== `Patient/${to}`);
  if (others.length === 0) return;
  rename(chart.content, watch(chart), new Map(others.map((key) => [key, `Patient/${to}`])));
  for (const key of others)
    aliases.add({ scope: chart.accountId, kind: "Patient", from: key.slice("Patient/".length), to, retired: true, recordId });
}
