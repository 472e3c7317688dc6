import type { ElementDefinition, StructureDefinition } from "@medplum/fhirtypes";
import { PACKAGE_VERSION, profileUrl } from "./canonicals.ts";

/** What a profile says of one element beyond its base. */
export interface ElementRule {
  /** `Claim.item.quantity`. */
  readonly path: string;
  readonly min?: number;
  readonly max?: string;
  readonly short?: string;
  /** The types left of a choice. */
  readonly types?: readonly string[];
  readonly pattern?: Pick<ElementDefinition, "patternCode" | "patternCodeableConcept">;
  /** Invariants, checked on this element. */
  readonly invariants?: readonly Invariant[];
  readonly slices?: Slicing;
}

export interface Invariant {
  readonly key: string;
  readonly human: string;
  /** FHIRPath. */
  readonly expression: string;
}

/** Kinds of entries of a list, told apart by the pattern of one of their elements. */
export interface Slicing {
  /** Element within the entry: `category`. */
  readonly by: string;
  readonly slices: readonly Slice[];
}

export interface Slice {
  readonly name: string;
  readonly min: number;
  readonly max: string;
  readonly system: string;
  readonly code: string;
}

export interface ProfileSpec {
  /** Last part of the canonical address. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly rules: readonly ElementRule[];
}

const sourceOf = ({ name }: ProfileSpec): string => profileUrl(name);

function ruled(element: ElementDefinition, rule: ElementRule, spec: ProfileSpec): ElementDefinition {
  const { min, max, short, types, pattern, invariants = [], slices } = rule;
  return {
    ...element,
    ...pattern,
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
    ...(short === undefined ? {} : { short }),
    ...(types === undefined || element.type === undefined ? {} : { type: element.type.filter(({ code }) => types.includes(code ?? "")) }),
    ...(slices === undefined ? {} : { slicing: { discriminator: [{ type: "pattern", path: slices.by }], rules: "open" } }),
    ...(invariants.length === 0
      ? {}
      : {
          constraint: [
            ...(element.constraint ?? []),
            ...invariants.map(({ key, human, expression }) => ({
              key,
              severity: "error" as const,
              human,
              expression,
              source: sourceOf(spec),
            })),
          ],
        }),
    ...((min ?? 0) > 0 ? { mustSupport: true } : {}),
  };
}

/** The elements of the slices of one list: each slice, and the element that tells it. */
const sliced = (list: ElementDefinition, teller: ElementDefinition, { by, slices }: Slicing): readonly ElementDefinition[] =>
  slices.flatMap(({ name, min, max, system, code }): readonly ElementDefinition[] => {
    const { slicing: _slicing, constraint: _constraint, ...entry } = list;
    return [
      { ...entry, id: `${list.path}:${name}`, sliceName: name, min, max, mustSupport: true },
      { ...teller, id: `${list.path}:${name}.${by}`, patternCodeableConcept: { coding: [{ system, code }] } },
    ];
  });

/** What only the differential shows of an element: what the rule says. */
function differentialOf({ path, min, max, short, types, pattern, invariants, slices }: ElementRule, spec: ProfileSpec): ElementDefinition {
  const bare: ElementDefinition = {
    id: path,
    path,
    ...(types === undefined ? {} : { type: types.map((code) => ({ code })) }),
  };
  const rule: ElementRule = {
    path,
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
    ...(short === undefined ? {} : { short }),
    ...(pattern === undefined ? {} : { pattern }),
    ...(invariants === undefined ? {} : { invariants }),
    ...(slices === undefined ? {} : { slices }),
  };
  return ruled(bare, rule, spec);
}

/**
 * A profile as a StructureDefinition with its snapshot: the base's elements with the rules applied, slices behind the list they divide.
 * Throws when a rule names an element that the base has not, and when two rules are of one element.
 */
export function makeProfile(base: StructureDefinition, spec: ProfileSpec): StructureDefinition {
  const rules = new Map(spec.rules.map((rule) => [rule.path, rule]));
  const elements = base.snapshot?.element ?? [];
  const unknown = spec.rules.find(({ path }) => !elements.some((element) => element.path === path));
  if (rules.size < spec.rules.length) throw new Error(`${spec.name} has two rules of one element`);
  if (unknown !== undefined) throw new Error(`${base.type} has no element ${unknown.path}`);
  const own = elements.map((element) => {
    const rule = rules.get(element.path ?? "");
    return rule === undefined ? element : ruled(element, rule, spec);
  });
  const slicesOf = ({ path, slices }: ElementRule, from: readonly ElementDefinition[]): readonly ElementDefinition[] => {
    const list = from.find((element) => element.path === path);
    const teller = from.find((element) => element.path === `${path}.${slices?.by}`);
    return slices === undefined || list === undefined || teller === undefined ? [] : sliced(list, teller, slices);
  };
  const element = [...own];
  for (const rule of spec.rules.filter(({ slices }) => slices !== undefined)) {
    const last = element.findLastIndex(({ path }) => path === rule.path || path?.startsWith(`${rule.path}.`) === true);
    element.splice(last + 1, 0, ...slicesOf(rule, element));
  }
  return {
    resourceType: "StructureDefinition",
    id: spec.name,
    url: profileUrl(spec.name),
    version: PACKAGE_VERSION,
    name: spec.name.replaceAll(/(?:^|-)([a-z])/g, (_match, letter: string) => letter.toUpperCase()),
    title: spec.title,
    status: "active",
    publisher: "Chartbridge",
    description: spec.description,
    fhirVersion: "4.0.1",
    kind: "resource",
    abstract: false,
    type: base.type,
    baseDefinition: base.url,
    derivation: "constraint",
    snapshot: { element },
    differential: {
      element: spec.rules.flatMap((rule) => [
        differentialOf(rule, spec),
        ...slicesOf(rule, [
          { id: rule.path, path: rule.path },
          { id: rule.path, path: `${rule.path}.${rule.slices?.by}` },
        ]),
      ]),
    },
  };
}
