import { requiredMembersOf } from "#src/fhir/elements.ts";
import { copyOf } from "./copies.ts";
import { type Elements, isElements, type Made } from "./scope.ts";
import type { LineageEntry } from "./types.ts";

/** An entry of a list that was taken away. */
interface Gone {
  /** Path of the list. */
  readonly path: string;
  readonly index: number;
}

function isBare(extension: Elements): boolean {
  for (const name in extension) if (name !== "url" && name !== "id") return false;
  return extension["url"] !== undefined;
}
function isEmpty(one: unknown): boolean {
  if (!isElements(one)) return false;
  for (const _ in one) return false;
  return true;
}

/** Whether anything has to be taken away: most resources are whole, and nothing is named for them. */
export function isUnclean(owner: Elements): boolean {
  for (const name in owner) {
    const member = owner[name];
    if (typeof member !== "object" || member === null) continue;
    if (Array.isArray(member)) {
      if (member.length === 0) return true;
      let filled = false;
      for (const entry of member) {
        if (entry !== null) filled = true;
        if (isElements(entry) && (isEmpty(entry) || (name === "extension" && isBare(entry)) || isUnclean(entry))) return true;
      }
      if (!filled) return true;
    } else if (isElements(member) && (isEmpty(member) || isUnclean(member))) return true;
  }
  return false;
}

function cleanList(list: unknown[], name: string, path: string, gone: Gone[]): void {
  for (let at = list.length - 1; at >= 0; at--) {
    const entry = list[at];
    if (!isElements(entry)) continue;
    cleanMembers(entry, `${path}[${at}]`, gone);
    // Extensions of a list of primitives stand by their index: an empty one is a null.
    if (name.startsWith("_")) {
      if (isEmpty(entry)) list[at] = null;
    } else if (isEmpty(entry) || (name === "extension" && isBare(entry))) {
      list.splice(at, 1);
      gone.push({ path, index: at });
    }
  }
}

function cleanMembers(owner: Elements, path: string, gone: Gone[]): void {
  for (const name in owner) {
    const member = owner[name];
    if (typeof member !== "object" || member === null) continue;
    const at = `${path}.${name.startsWith("_") ? name.slice(1) : name}`;
    if (Array.isArray(member)) {
      cleanList(member, name, at, gone);
      if (member.every((entry) => entry === null)) delete owner[name];
    } else if (isElements(member)) {
      cleanMembers(member, at, gone);
      if (isEmpty(member)) delete owner[name];
    }
  }
}

/** Lineage after something was taken away: what led there is gone, and entries behind it moved up. */
function adjusted(target: string, { path, index }: Gone): string | undefined {
  if (!target.startsWith(`${path}[`)) return target;
  const end = target.indexOf("]", path.length);
  const at = Number(target.slice(path.length + 1, end));
  if (at === index) return undefined;
  return at < index ? target : `${path}[${at - 1}]${target.slice(end + 1)}`;
}

const lacks = (entry: Elements, members: readonly string[]): boolean =>
  members.some((name) => entry[name] === undefined && entry[`_${name}`] === undefined);

const lackingIn = (list: unknown, members: readonly string[]): boolean =>
  Array.isArray(list) && list.some((entry: unknown) => isElements(entry) && lacks(entry, members));

const NONE: readonly string[] = [];

function hasUnfit(root: Made["root"]): boolean {
  for (const { list, members } of requiredMembersOf(root.resourceType)) if (lackingIn(root[list], members)) return true;
  return false;
}

/** Entries that lack what R4 wants of each: a location without a place, a diagnosis without a condition. */
function dropUnfit(root: Made["root"], gone: Gone[]): readonly string[] {
  const unfit: string[] = [];
  for (const { list: name, members } of requiredMembersOf(root.resourceType)) {
    const sent = root[name];
    if (!Array.isArray(sent) || !lackingIn(sent, members)) continue;
    const list = sent as unknown[];
    for (let at = list.length - 1; at >= 0; at--) {
      const entry = list[at];
      if (!isElements(entry) || !lacks(entry, members)) continue;
      const path = `${root.resourceType}.${name}`;
      list.splice(at, 1);
      gone.push({ path, index: at });
      unfit.push(`${path}[${at}]`);
    }
    if (list.length === 0) delete root[name];
  }
  return unfit;
}

/**
 * Takes away extensions that have an address and no value (R4 ext-1), what is empty without them, and entries that lack what R4
 * wants of each. A row writes its part wherever the field has a text, also where another row finds that its text is no valid value.
 * @param unsure whether extensions were written into it: rows leave nothing else empty.
 * @returns where entries were that lacked something: `Encounter.location[1]`.
 */
export function dropIncomplete(made: Made, lineage: LineageEntry[] | undefined, unsure = true): readonly string[] {
  const isSound = !unsure || !isUnclean(made.root);
  if (isSound && !hasUnfit(made.root)) return NONE;
  const gone: Gone[] = [];
  // It, or what it holds, may be shared.
  const root = (made.root = copyOf(made.root));
  if (!isSound) cleanMembers(root, root.resourceType, gone);
  const unfit = dropUnfit(root, gone);
  if (gone.length > 0 && lineage !== undefined) correctLineage(root, lineage, gone);
  return unfit;
}

function correctLineage(root: Made["root"], lineage: LineageEntry[], gone: readonly Gone[]): void {
  let kept = 0;
  for (const entry of lineage) {
    let target: string | undefined = entry.target;
    if (entry.resourceId === root.id && entry.deletes !== true)
      for (const one of gone) {
        target = target === undefined ? undefined : adjusted(target, one);
        if (target === undefined) break;
      }
    if (target !== undefined) lineage[kept++] = target === entry.target ? entry : { ...entry, target };
  }
  lineage.length = kept;
}
