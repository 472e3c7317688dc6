import type { Identifier } from "@medplum/fhirtypes";
import type { Mapped, MappedResource } from "#src/mapping/types.ts";
import { exchange } from "./combine.ts";
import { type Applicable, refOf } from "./merge.ts";
import type { Incoming } from "./registers.ts";

/** `AccountOfVisit`: messages about the visit belong to that account, whichever they name. */
export type AliasKind = "Patient" | "Account" | "Encounter" | "AccountOfVisit";

export interface Alias {
  /** Account within which it counts; absent = everywhere. */
  readonly scope?: string;
  readonly kind: AliasKind;
  readonly from: string;
  readonly to: string;
  /** The number of `from` is no longer in use. An account keeps its id when its number changes: then the new number is the alias. */
  readonly retired: boolean;
  /** The record that said so. */
  readonly recordId: string;
}

const keyOf = ({ scope = "", kind, from }: Pick<Alias, "scope" | "kind" | "from">): string => `${scope}|${kind}|${from}`;

/** Ids that stand for others, as far as a batch needs them. */
export interface Aliases {
  /** The alias that counts for an id, the one of an account before the general one. */
  find(kind: AliasKind, id: string, scopes?: readonly (string | undefined)[]): Alias | undefined;
  /** The id in use. */
  resolve(kind: AliasKind, id: string, scopes?: readonly (string | undefined)[]): string;
  /** From now on `to` stands for `from`, and for everything `from` stood for. */
  add(alias: Alias): void;
  /** What was added. */
  readonly added: readonly Alias[];
  readonly size: number;
}

/** Kinds of aliases whose target is of this kind. */
export const follows = (kind: AliasKind): readonly AliasKind[] => (kind === "Account" ? ["Account", "AccountOfVisit"] : [kind]);

/** Targets are always in use themselves: adding an alias moves those that pointed at what is no longer in use. */
export function createAliases(known: readonly Alias[]): Aliases {
  const byKey = new Map(known.map((alias) => [keyOf(alias), alias]));
  const added: Alias[] = [];
  const find: Aliases["find"] = (kind, from, scopes = []) => {
    if (byKey.size === 0) return undefined;
    for (const scope of scopes) {
      const found = scope === undefined ? undefined : byKey.get(keyOf({ scope, kind, from }));
      if (found !== undefined) return found;
    }
    return byKey.get(keyOf({ kind, from }));
  };
  return {
    find,
    resolve: (kind, id, scopes) => find(kind, id, scopes)?.to ?? id,
    add: (alias) => {
      if (alias.scope === undefined && alias.retired)
        for (const [key, one] of byKey)
          if (one.to === alias.from && follows(alias.kind).includes(one.kind)) byKey.set(key, { ...one, to: alias.to, retired: true });
      byKey.set(keyOf(alias), alias);
      added.push(alias);
    },
    added,
    get size() {
      return byKey.size;
    },
  };
}

/** A message under the numbers in use now, and the account it belongs to. */
export interface Addressed {
  readonly accountId: string | undefined;
  readonly message: Applicable;
}

/** Replaces every number of a message that is no longer in use. What the message says of such a number becomes the survivor's. */
export function address(mapped: Mapped, aliases: Aliases): Addressed {
  const named = mapped.account?.resourceId;
  if (aliases.size === 0) return { accountId: named, message: mapped };
  const visit = mapped.encounterId;
  const moved = visit === undefined || named === undefined ? undefined : aliases.find("AccountOfVisit", visit, [named]);
  const accountId = moved?.to ?? (named === undefined ? undefined : aliases.resolve("Account", named));
  const scopes = [accountId, named];
  const references = new Map<string, string>();
  const retired = new Set<string>();
  const look = (kind: "Patient" | "Account" | "Encounter", id: string): void => {
    const alias = aliases.find(kind, id, scopes);
    if (alias === undefined) return;
    if (alias.to !== id) references.set(`${kind}/${id}`, `${kind}/${alias.to}`);
    if (alias.retired) retired.add(`${kind}/${id}`);
  };
  for (const { resource } of mapped.resources) {
    const type = resource.resourceType;
    if (type === "Patient" || type === "Account" || type === "Encounter") look(type, resource.id);
  }
  if (mapped.patientId !== undefined) look("Patient", mapped.patientId);
  if (visit !== undefined) look("Encounter", visit);
  if (named !== undefined) look("Account", named);
  if (moved !== undefined && named !== undefined && moved.to !== named) references.set(`Account/${named}`, `Account/${moved.to}`);
  if (references.size === 0 && retired.size === 0) return { accountId, message: mapped };
  const away = moved === undefined || moved.to === named ? undefined : `Account/${named ?? ""}`;
  const resources = mapped.resources
    // What a message says of the account that the visit has left is not so of the one it is in.
    .filter(({ resource }) => refOf(resource) !== away)
    .map((one): Incoming => {
      const key = refOf(one.resource);
      const to = references.get(key);
      const resource = exchange(one.resource, references);
      const own = to === undefined ? resource : { ...resource, id: to.slice(to.indexOf("/") + 1) };
      return retired.has(key)
        ? withoutNumber({ ...one, resource: own as MappedResource["resource"] })
        : { ...one, resource: own as MappedResource["resource"] };
    });
  const encounter = visit === undefined ? undefined : references.get(`Encounter/${visit}`);
  const patient = mapped.patientId === undefined ? undefined : references.get(`Patient/${mapped.patientId}`);
  return {
    accountId,
    message: {
      ...mapped,
      resources,
      ...(encounter === undefined ? {} : { encounterId: encounter.slice("Encounter/".length) }),
      ...(patient === undefined ? {} : { patientId: patient.slice("Patient/".length) }),
    },
  };
}

function withoutNumber(one: MappedResource): Incoming {
  const { identifier, ...resource } = one.resource as MappedResource["resource"] & { identifier?: readonly Identifier[] };
  return { ...one, resource: resource as MappedResource["resource"], formerly: identifier ?? [] };
}

/** Every id of a message that an alias may stand for. */
export function aliasable(mapped: Mapped, ids: Set<string>): void {
  if (mapped.account !== undefined) ids.add(mapped.account.resourceId);
  if (mapped.patientId !== undefined) ids.add(mapped.patientId);
  if (mapped.encounterId !== undefined) ids.add(mapped.encounterId);
  for (const { surviving, prior } of mapped.merges ?? []) ids.add(surviving.resourceId).add(prior.resourceId);
  for (const other of mapped.others ?? []) aliasable(other, ids);
}
