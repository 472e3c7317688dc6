import type { Parameters, ParametersParameter, ValueSet } from "@medplum/fhirtypes";
import { FAILURES, type Failure } from "#src/base/failures.ts";
import type { CodeSystemName } from "#src/codesets/code-data.ts";
import { isDay } from "#src/codesets/periods.ts";
import { stateOn } from "#src/codesets/search.ts";
import { bare, shown, SYSTEM_URLS, systemNamed } from "#src/codesets/systems.ts";
import { outcomeOf } from "#src/fhir/outcome.ts";
import type { Answer, Call, Route } from "../route.ts";
import { CODE_READERS, type CodeRouteNeeds } from "./routes.ts";

const refuse = (failure: Failure): Answer => ({ status: FAILURES[failure.code].http, body: outcomeOf(failure) });
const invalid = (place: string, detail: string): Answer => refuse({ code: "REQUEST_INVALID", place, detail });

/** An operation's parameters: of the query, or of a Parameters resource in the body. */
function parametersOf({ query, body }: Call): (name: string) => string | undefined {
  const given = (body ?? {}) as Partial<Parameters>;
  const inBody = given.resourceType === "Parameters" ? (given.parameter ?? []) : [];
  return (name) => {
    const asked = query.get(name);
    if (asked !== null) return asked;
    const found = inBody.find((one) => one.name === name);
    const value =
      found?.valueString ?? found?.valueCode ?? found?.valueUri ?? found?.valueDate ?? found?.valueDateTime ?? found?.valueInteger;
    return value === undefined ? undefined : String(value);
  };
}

/** `http://hl7.org/fhir/sid/icd-10-cm?fhir_vs` is the value set of all codes of the system (R4 4.8.10, implicit value sets). */
const systemOfValueSet = (url: string): CodeSystemName | undefined => systemNamed(url.replace(/\?fhir_vs$/, ""));

const MOST = 1_000;
const USUAL = 50;

/** `CodeSystem/$lookup`, `CodeSystem/$validate-code` and `ValueSet/$expand` (R4) over the code sets in use; `date` says for which day. */
export function terminologyRoutes({ today, data, search, describe }: CodeRouteNeeds): readonly Route[] {
  /** System, code and day of a request, or what is wrong with it. */
  const asked = (parameter: (name: string) => string | undefined, systemParameter: string) => {
    const system = systemNamed(parameter(systemParameter) ?? "");
    const code = parameter("code");
    const date = (parameter("date") ?? today()).slice(0, 10);
    if (system === undefined) return { answer: invalid(systemParameter, `${systemParameter} is no code system that is served here`) };
    if (code === undefined || code.trim() === "") return { answer: invalid("code", "code is missing") };
    if (!isDay(date)) return { answer: invalid("date", "date is not a day") };
    return { system, code: bare(code), date };
  };
  const lookup = async (call: Call): Promise<Answer> => {
    const request = asked(parametersOf(call), "system");
    if ("answer" in request) return request.answer;
    const { system, code, date } = request;
    const found = await describe(system, code, date);
    if (found === undefined) return refuse({ code: "NOT_FOUND", detail: "the code is in no version in use" });
    const property = (name: string, value: Partial<ParametersParameter>): ParametersParameter => ({
      name: "property",
      part: [
        { name: "code", valueCode: name },
        { name: "value", ...value },
      ],
    });
    const parent = found.above.at(-1);
    const body: Parameters = {
      resourceType: "Parameters",
      parameter: [
        { name: "name", valueString: system },
        ...(found.version === undefined ? [] : [{ name: "version", valueString: found.version }]),
        { name: "display", valueString: found.title },
        property("inactive", { valueBoolean: found.state !== "valid" && found.state !== "header" }),
        property("notSelectable", { valueBoolean: found.state === "header" }),
        property("state", { valueCode: found.state }),
        ...(parent === undefined ? [] : [property("parent", { valueCode: shown(system, parent.code) })]),
        ...found.below.map((one) => property("child", { valueCode: shown(system, one.code) })),
        ...found.successors.map((one) => property("replacedBy", { valueCode: shown(system, one) })),
      ],
    };
    return { status: 200, body };
  };
  const validate = async (call: Call): Promise<Answer> => {
    const parameter = parametersOf(call);
    const request = asked(parameter, "url");
    if ("answer" in request) return request.answer;
    const { system, code, date } = request;
    const state = stateOn(data(), system, code, date);
    const title = (await describe(system, code, date))?.title;
    const display = parameter("display");
    const wrongDisplay = display !== undefined && title !== undefined && display.trim().toLowerCase() !== title.toLowerCase();
    const message = {
      valid: wrongDisplay ? "the display is not the code's title" : undefined,
      header: "the code is a header on that day: a longer code is needed",
      "not-valid": "the code is not valid on that day",
      // Whether a code of a day that we have no data for is right, nobody here can say.
      "no-data": `no data for ${date}`,
    }[state];
    const body: Parameters = {
      resourceType: "Parameters",
      parameter: [
        { name: "result", valueBoolean: state === "valid" && !wrongDisplay },
        ...(message === undefined ? [] : [{ name: "message", valueString: message }]),
        ...(title === undefined ? [] : [{ name: "display", valueString: title }]),
      ],
    };
    return { status: 200, body };
  };
  const expand = async (call: Call): Promise<Answer> => {
    const parameter = parametersOf(call);
    const url = parameter("url") ?? "";
    const system = systemOfValueSet(url);
    const date = (parameter("date") ?? today()).slice(0, 10);
    const filter = parameter("filter") ?? "";
    const count = Number(parameter("count") ?? USUAL);
    const offset = Number(parameter("offset") ?? 0);
    if (system === undefined) return invalid("url", "url is no value set of all codes of a system: its URL with ?fhir_vs");
    if (!isDay(date)) return invalid("date", "date is not a day");
    if (filter.trim() === "")
      return refuse({ code: "REQUEST_INVALID", place: "filter", detail: "the set is too large to be listed; give a filter" });
    if (!Number.isInteger(count) || count < 0 || !Number.isInteger(offset) || offset < 0 || count + offset > MOST)
      return invalid("count", `count and offset are whole numbers, together at most ${MOST}`);
    const found = await search({ text: filter, date, systems: [system], validOnly: true, limit: offset + count });
    const body: ValueSet = {
      resourceType: "ValueSet",
      url,
      status: "active",
      expansion: {
        identifier: `urn:uuid:${crypto.randomUUID()}`,
        timestamp: new Date().toISOString(),
        offset,
        parameter: [
          { name: "filter", valueString: filter },
          { name: "date", valueDateTime: date },
        ],
        contains: found
          .slice(offset)
          .map((one) => ({ system: SYSTEM_URLS[one.system], code: shown(one.system, one.code), display: one.title })),
      },
    };
    return { status: 200, body };
  };
  return [
    ["CodeSystem", "$lookup", lookup],
    ["CodeSystem", "$validate-code", validate],
    ["ValueSet", "$expand", expand],
  ].flatMap(([type, operation, handle]) =>
    (["GET", "POST"] as const).map(
      (method): Route => ({
        method,
        path: `/fhir/R4/${String(type)}/${String(operation)}`,
        roles: CODE_READERS,
        action: "read",
        objectType: String(type),
        handle: handle as Route["handle"],
      }),
    ),
  );
}
