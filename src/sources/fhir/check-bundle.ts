import type { Bundle, Resource } from "@medplum/fhirtypes";
import type { Failure } from "#src/base/failures.ts";
import { fail, ok, type Result } from "#src/base/result.ts";
import { codeFaultsOf } from "#src/fhir/required-codes.ts";
import { faultsOf } from "#src/fhir/validate.ts";

/** What a bundle is about, as far as accepting it needs to know. */
export interface BundleSubject {
  /** The patient, as `authority|number`: what is of one patient stays in order, whichever way it comes. */
  readonly orderKey?: string;
  /** `Type/id` in the chart of each entry; undefined for one that no chart keeps. */
  readonly locations: readonly (string | undefined)[];
}

/** Reads a bundle's subject. Fails when it names no patient or no account. */
export type ReadSubject = (bundle: Bundle) => Result<BundleSubject, Failure>;

export interface CheckedBundle {
  readonly bundle: Bundle;
  readonly subject: BundleSubject;
}

/** Most faults in one answer: more would not be read. */
const FAULTS_MAX = 50;

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

/** Faults of the form of a Bundle of this type, before its resources are looked at. */
function formFaults(body: unknown, type: "message" | "transaction"): readonly Failure[] {
  if (!isObject(body) || body["resourceType"] !== "Bundle") return [{ code: "REQUEST_INVALID", place: "Bundle", detail: "send a Bundle" }];
  if (body["type"] !== type) return [{ code: "REQUEST_INVALID", place: "Bundle.type", detail: `the type must be ${type}` }];
  const entries: unknown = body["entry"];
  if (!Array.isArray(entries) || entries.length === 0) return [{ code: "REQUIRED_FIELD_MISSING", place: "Bundle.entry" }];
  const faults: Failure[] = [];
  entries.forEach((entry: unknown, index) => {
    const place = `Bundle.entry[${index}]`;
    const method = isObject(entry) && isObject(entry["request"]) ? entry["request"]["method"] : undefined;
    if (method === "DELETE" || method === "GET" || method === "PATCH")
      faults.push({
        code: "MESSAGE_NOT_SUPPORTED",
        place: `${place}.request.method`,
        detail: "POST and PUT are taken; what no longer holds is said by its status",
      });
    else if (!isObject(entry) || !isObject(entry["resource"]) || typeof entry["resource"]["resourceType"] !== "string")
      faults.push({ code: "REQUIRED_FIELD_MISSING", place: `${place}.resource` });
  });
  const first: unknown = entries[0];
  if (type === "message" && !(isObject(first) && isObject(first["resource"]) && first["resource"]["resourceType"] === "MessageHeader"))
    faults.push({ code: "REQUIRED_FIELD_MISSING", place: "Bundle.entry[0].resource", detail: "a message begins with its MessageHeader" });
  return faults;
}

/** `Claim.item[0]` of the third entry: `Bundle.entry[2].resource.item[0]`. */
const placed = (index: number, resource: Resource, place: string): string =>
  `Bundle.entry[${index}].resource${place.slice(resource.resourceType.length)}`;

/**
 * Checks a bundle as far as can be known before it is accepted: its form, every resource against FHIR R4, and that it names
 * a patient and an account. Fails with every fault, each with its place.
 */
export function checkBundle(
  body: unknown,
  type: "message" | "transaction",
  readSubject: ReadSubject,
): Result<CheckedBundle, readonly Failure[]> {
  const form = formFaults(body, type);
  if (form.length > 0) return fail(form.slice(0, FAULTS_MAX));
  const bundle = body as Bundle;
  const faults = (bundle.entry ?? []).flatMap(({ resource }, index): readonly Failure[] => {
    if (resource === undefined) return [];
    try {
      return [...faultsOf(resource), ...codeFaultsOf(resource.resourceType, resource)].map(({ place, text }) => ({
        code: "RESOURCE_INVALID",
        place: placed(index, resource, place),
        detail: text,
      }));
    } catch {
      return [{ code: "RESOURCE_INVALID", place: `Bundle.entry[${index}].resource`, detail: "this is not a FHIR R4 resource type" }];
    }
  });
  if (faults.length > 0) return fail(faults.slice(0, FAULTS_MAX));
  const subject = readSubject(bundle);
  return subject.ok ? ok({ bundle, subject: subject.value }) : fail([subject.failure]);
}
