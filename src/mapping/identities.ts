import { recurringId, stableId } from "#src/base/ids.ts";
import { NOTHING } from "#src/hl7v2/message.ts";
import { Code } from "./generated.ts";
import type { Identity } from "./map-schema.ts";
import type { RowContext } from "./row.ts";
import type { Frame, Scope } from "./scope.ts";
import { compileSource, type Source, decodedText } from "./sources.ts";
import { authorityNamed } from "./values/identifiers.ts";

/** What identifies a resource: who says so, or what it is within, and the texts that tell it apart. */
export interface Identifying {
  readonly parts: readonly string[];
  /** No other message has it. */
  readonly once: boolean;
}

/** Undefined: the message does not say. */
export type Identify = (frame: Frame) => Identifying | undefined;

/** The id of a resource of a type. */
export const idOf = ({ settings: { idKey } }: Scope, type: string, { parts, once }: Identifying): string =>
  once ? stableId(idKey, type, ...parts) : recurringId(idKey, type, parts);

/** What a message is among all of its sender: nothing in it may be the same as in another. */
export const messageParts = ({ scope: { message } }: Frame): readonly string[] => [
  message.msh.field(3).text,
  message.msh.field(4).text,
  message.controlId,
];

const patientOf = ({ own }: Scope): string => own.get("Patient")?.reference.reference ?? "";

const WITHIN = {
  account: (scope: Scope) => scope.account?.resourceId ?? patientOf(scope),
  patient: patientOf,
  authority: (scope: Scope) => scope.defaultAuthority,
} as const;

/** Text of a function of `frame`. */
function identifyText(code: Code, identity: Identity, context: RowContext): string {
  const source = (path: string): Source | undefined => {
    const at = compileSource(path, context.home);
    if (at === undefined) context.fault(["identity"], `${path} cannot be read in a map of ${context.home.name}`);
    return at;
  };
  const value = (path: string): string => source(path)?.firstText(code) ?? code.name(NOTHING);
  const text = (path: string): string => {
    const at = source(path);
    return at === undefined ? '""' : decodedText(code, at);
  };
  if ("identifier" in identity) {
    const named = identity.authority === undefined ? "value.part(4)" : value(identity.authority);
    return `(frame) => { const value = ${value(identity.identifier)}; const { text } = value;
      return text === "" ? undefined : { parts: [${code.name(authorityNamed)}(${named}, frame.scope.defaultAuthority), text], once: false }; }`;
  }
  const { by, within } = identity;
  const [first = "", ...others] = by.map(text);
  const before =
    within === "message"
      ? `...${code.name(messageParts)}(frame), String(frame.segment.position)`
      : `${code.name(WITHIN[within])}(frame.scope)`;
  const parts = `[${[before, "first", ...others].join(", ")}]`;
  return `(frame) => { const first = ${first}; return first === "" ? undefined : { parts: ${parts}, once: ${within === "message"} }; }`;
}

/** Compiles the ways to identify a resource, of which the first counts that the message has: by an identifier and who assigned it, or by several fields. */
export function compileIdentities(identities: readonly Identity[], title: string, context: RowContext): Identify {
  const code = new Code();
  const texts = identities.map((one) => identifyText(code, one, context));
  const first = texts.map((_, n) => `way${n}(frame)`).join(" ?? ");
  const text = `(() => { ${texts.map((one, n) => `const way${n} = ${one};`).join(" ")} return (frame) => ${first || "undefined"}; })()`;
  let made: Identify | undefined;
  return (frame) => (made ??= code.compile<Identify>(`${title} identity`, text))(frame);
}
