import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { z } from "zod";
import { CommandFault, findInstallation, runningEngine } from "./installation.ts";
import { leasedItem, newSnapshot, showDenials, showItem, showSubmitted } from "./show-item.ts";

const tokenPath = (dataDir: string): string => join(dataDir, "session-token");

/** What the API answered. */
export interface Called {
  readonly status: number;
  readonly body: unknown;
}

/** Calls the running engine's API as the person who signed in. */
export async function call(dataDir: string | undefined, method: "GET" | "POST" | "DELETE", path: string, body?: unknown): Promise<Called> {
  const run = runningEngine(dataDir);
  const file = tokenPath(findInstallation(dataDir).dataDir);
  const token = existsSync(file) ? readFileSync(file, "utf8").trim() : "";
  const response = await fetch(`${run.http}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (response.status === 401 && path !== "/auth/sign-in")
    throw new CommandFault("sign in first: npx chartbridge sign-in CODE (the code is printed when the engine starts)");
  return { status: response.status, body: text === "" ? undefined : (JSON.parse(text) as unknown) };
}

const print = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
/** What `submit` must know of the item leased last. */
const remembered = z.object({ id: z.string(), leaseId: z.string(), snapshotVersion: z.int() });
const lastItem = (dataDir: string): string => join(dataDir, "leased-item.json");
const remember = (dataDir: string, item: z.infer<typeof remembered>): void =>
  writeFileSync(lastItem(dataDir), JSON.stringify(remembered.parse(item)), { mode: 0o600 });

/** Asks under a number that is kept until there is an answer: where that got lost the same encounter is given, and not one more. */
async function askedAgain(dataDir: string | undefined, ask: (leaseId: string) => Promise<Called>): Promise<Called> {
  const file = join(findInstallation(dataDir).dataDir, "asked-lease");
  const kept = z.uuid().safeParse(existsSync(file) ? readFileSync(file, "utf8").trim() : "");
  const leaseId = kept.success ? kept.data : randomUUID();
  writeFileSync(file, `${leaseId}\n`, { mode: 0o600 });
  const answer = await ask(leaseId);
  rmSync(file);
  return answer;
}

/** `sign-in`, `next` and `submit`: the work of a coder from a terminal, by the same API the console uses. */
export function registerCoder(program: Command): void {
  program
    .command("sign-in <code>")
    .description("sign in with the one-time code that the start printed")
    .option("--data-dir <dir>")
    .action(async (code: string, { dataDir }: { dataDir?: string }) => {
      const { status, body } = await call(dataDir, "POST", "/auth/sign-in", { code });
      const session = z.looseObject({ token: z.string(), name: z.string(), roles: z.array(z.string()) }).safeParse(body);
      if (status !== 200 || !session.success)
        throw new CommandFault("this code is wrong, used or too old; a new one is printed at the next start");
      writeFileSync(tokenPath(findInstallation(dataDir).dataDir), `${session.data.token}\n`, { mode: 0o600 });
      process.stdout.write(`signed in as ${session.data.name} (${session.data.roles.join(", ")})\n`);
    });
  program
    .command("next [queue...]")
    .description("lease the next encounter to code, from any queue or the ones named")
    .option("--item <id>", "the encounter of this item: for whoever coded it, and for supervisors")
    .option("--data-dir <dir>")
    .option("--json", "the whole item with its chart, as the API gives it")
    .action(async (queues: string[], { item: own, dataDir, json }: { item?: string; dataDir?: string; json?: boolean }) => {
      const { status, body } =
        own === undefined
          ? await askedAgain(dataDir, (leaseId) => call(dataDir, "POST", "/api/work-items/next", { queues, leaseId }))
          : await call(dataDir, "POST", `/api/work-items/${encodeURIComponent(own)}/lease`, {});
      const item = leasedItem.safeParse(body);
      if (status !== 200 || !item.success) {
        const said = z.looseObject({ message: z.string() }).safeParse(body);
        throw new CommandFault(`nothing to code: ${said.success ? said.data.message : `the engine answered ${status}`}`);
      }
      remember(findInstallation(dataDir).dataDir, item.data);
      if (json === true) print(body);
      else
        process.stdout.write(
          `${showDenials((await call(dataDir, "GET", `/api/work-items/${item.data.id}/denials`)).body)}${showItem(item.data)}`,
        );
    });
  program
    .command("submit <codes.json>")
    .description("submit codes for the encounter leased last")
    .option("--data-dir <dir>")
    .option("--json", "the answer as the API gives it")
    .action(async (file: string, { dataDir, json }: { dataDir?: string; json?: boolean }) => {
      const folder = findInstallation(dataDir).dataDir;
      if (!existsSync(lastItem(folder))) throw new CommandFault("lease an encounter first: npx chartbridge next");
      const item = remembered.parse(JSON.parse(readFileSync(lastItem(folder), "utf8")));
      const { id, leaseId, snapshotVersion } = item;
      const { status, body } = await call(dataDir, "POST", `/api/work-items/${id}/codes`, {
        leaseId,
        snapshotVersion,
        codes: readCodes(file),
      });
      const newer = newSnapshot(body);
      if (newer !== undefined) remember(folder, { ...item, snapshotVersion: newer });
      const text = json === true ? undefined : showSubmitted(body);
      if (text === undefined) print(body);
      else process.stdout.write(text);
      if (status >= 300) process.exitCode = 1;
    });
}

function readCodes(file: string): unknown {
  if (!existsSync(file)) throw new CommandFault(`there is no file ${file}`);
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    throw new CommandFault(`${file} is not JSON; examples/first-claim/codes.json is an example`);
  }
}
