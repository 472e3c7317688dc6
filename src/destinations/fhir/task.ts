import type { Claim, Task } from "@medplum/fhirtypes";
import { fail, ok, type Result } from "#src/base/result.ts";
import type { Classified } from "../classify.ts";
import { lookUpIdentifier } from "./references.ts";

const OUTPUT = { system: "urn:chartbridge:task-output", code: "claim" };
const OPEN: ReadonlySet<string> = new Set(["draft", "requested", "received", "accepted", "ready", "in-progress", "on-hold"]);

const names = (task: Task, claim: Claim): boolean => {
  const own = lookUpIdentifier(claim);
  return (
    task.output?.some(({ valueIdentifier }) => valueIdentifier?.value === own?.value && valueIdentifier?.system === own?.system) === true
  );
};

/**
 * The task of the EHR's work queue that this claim completes: one that names it already, else the only open one.
 * Fails with `PEER_LACKS_TARGET` when there is none, `PEER_HAS_SEVERAL` when it cannot be told which.
 */
export function pickTask(tasks: readonly Task[], claim: Claim): Result<{ readonly task: Task; readonly done: boolean }, Classified> {
  const own = tasks.find((task) => names(task, claim));
  if (own !== undefined) return ok({ task: own, done: own.status === "completed" });
  const open = tasks.filter(({ status }) => OPEN.has(status));
  const [task] = open;
  if (task === undefined) return fail({ code: "PEER_LACKS_TARGET" });
  return open.length > 1 ? fail({ code: "PEER_HAS_SEVERAL" }) : ok({ task, done: false });
}

/** The task completed, with the number of the claim as its output; everything else stays as the EHR has it. */
export function completedTask(task: Task, claim: Claim): Task {
  const identifier = lookUpIdentifier(claim);
  const output = {
    type: { coding: [OUTPUT] },
    ...(identifier === undefined ? { valueString: claim.id ?? "" } : { valueIdentifier: identifier }),
  };
  return { ...task, status: "completed", output: [...(task.output ?? []).filter(() => !names(task, claim)), output] };
}
