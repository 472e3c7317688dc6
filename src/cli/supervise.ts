import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { createTokens } from "#src/api/auth/tokens.pg.ts";
import { type Role, ROLES } from "#src/api/route.ts";
import { coderProfile } from "#src/api/worklist/supervision-routes.ts";
import { readCsv } from "#src/sitedata/csv.ts";
import { type CoderProfile, listCoders, readRelations, saveProfile } from "#src/worklist/coders.pg.ts";
import { makeExternalUser } from "#src/worklist/external-users.bullmq.ts";
import { applyQueues, type Preview, previewQueues } from "#src/worklist/requeue.pg.ts";
import { rulesOf, withStores } from "./engine-stores.ts";
import { CommandFault } from "./installation.ts";

interface Where {
  readonly dataDir?: string;
}
const print = (text: string): void => void process.stdout.write(`${text}\n`);
const words = (text: string | undefined): readonly string[] => (text ?? "").split(/[\s;,]+/).filter((word) => word !== "");

function rolesOf(text: string | undefined): readonly Role[] {
  const roles = words(text ?? "coder");
  if (roles.length === 0) throw new CommandFault(`no role is named; there are ${ROLES.join(", ")}`);
  for (const role of roles)
    if (!(ROLES as readonly string[]).includes(role)) throw new CommandFault(`there is no role ${role}; there are ${ROLES.join(", ")}`);
  return roles as readonly Role[];
}

const COLUMNS: readonly string[] = ["name", "roles", "facilities", "exclude", "credentials", "relations", "started"];

/** `CCS:2024-01-01:2026-12-31`; the last day may be left out. */
const credentialsOf = (text: string | undefined) =>
  words(text).map((word) => {
    const [credential = "", from = "2000-01-01", to] = word.split(":");
    return { credential, from, ...(to === undefined ? {} : { to }) };
  });
/** `self:MRN`. */
const relationsOf = (text: string | undefined) =>
  words(text).map((word) => {
    const at = word.indexOf(":");
    return { kind: word.slice(0, Math.max(0, at)), person: word.slice(at + 1) };
  });

interface Asked {
  readonly roles?: string;
  readonly facilities?: string;
  readonly exclude?: string;
  readonly credentials?: string;
  readonly relations?: string;
  readonly started?: string;
}

const NOBODY: CoderProfile = { facilities: [], payerExclusions: [], credentials: [], relations: [] };

/** @param known what is not said stays */
function profileOf(asked: Asked, where: string, known: CoderProfile = NOBODY): CoderProfile {
  const startedOn = asked.started === undefined ? known.startedOn : asked.started;
  const parsed = coderProfile.safeParse({
    facilities: asked.facilities === undefined ? known.facilities : words(asked.facilities),
    payerExclusions: asked.exclude === undefined ? known.payerExclusions : words(asked.exclude),
    credentials: asked.credentials === undefined ? known.credentials : credentialsOf(asked.credentials),
    relations: asked.relations === undefined ? known.relations : relationsOf(asked.relations),
    ...(startedOn === undefined || startedOn === "" ? {} : { startedOn }),
  });
  if (parsed.success) return parsed.data;
  throw new CommandFault(parsed.error.issues.map(({ path, message }) => `${where}: ${path.join(".")}: ${message}`).join("\n"));
}

interface Person {
  readonly name: string;
  readonly roles: readonly Role[];
  readonly profile: CoderProfile;
}

/** The people of a CSV file, and everything that is wrong in it. */
function peopleOf(file: string): { readonly people: readonly Person[]; readonly faults: readonly string[] } {
  const table = readCsv(readFileSync(file, "utf8"), ["name", "roles"]);
  const faults = table.faults.map(({ line, text }) => `${file}:${line}: ${text}`);
  const strange = table.columns.filter((column) => !COLUMNS.includes(column));
  if (strange.length > 0) faults.push(`${file}:1: there is no column ${strange.join(", ")}; there are ${COLUMNS.join(", ")}`);
  const lines = new Map<string, number>();
  const people: Person[] = [];
  for (const { line, values } of table.rows) {
    const where = `${file}:${line}`;
    const name = (values["name"] ?? "").trim();
    const before = lines.get(name);
    if (name === "") faults.push(`${where}: name: is empty`);
    else if (before !== undefined) faults.push(`${where}: name: ${name} is in line ${before} already`);
    lines.set(name, line);
    try {
      const profile = profileOf(values, where);
      people.push({ name, roles: rolesOf(values["roles"]), profile });
    } catch (error) {
      if (!(error instanceof CommandFault)) throw error;
      faults.push(...error.message.split("\n").map((text) => (text.startsWith(where) ? text : `${where}: ${text}`)));
    }
  }
  return { people, faults };
}

function registerUsers(program: Command): void {
  const users = program
    .command("users")
    .description("people who code, review and supervise: roles, credentials, facilities, payers, relations");
  users
    .command("add <name>")
    .description("make a user or change one, and print a one-time sign-in code; of one that is there, what is not named stays")
    .option("--roles <list>", `of ${ROLES.join(", ")}; of a new user coder when not named`)
    .option("--facilities <list>", "facilities; none named = every one")
    .option("--exclude <list>", "payers whose items the person does not get")
    .option("--credentials <list>", "CCS:2024-01-01:2026-12-31, the last day may be left out")
    .option("--relations <list>", "self:MRN, family:MRN, colleague:MRN: charts the person must not open")
    .option("--started <day>", "first day of work here, YYYY-MM-DD")
    .option("--data-dir <dir>")
    .action(async (name: string, asked: Asked & Where) => {
      if (name.trim() === "") throw new CommandFault("a user has a name");
      await withStores(asked.dataDir, "users", async ({ pool, sealer }) => {
        const tokens = createTokens(pool);
        const known = (await listCoders(pool)).find((one) => one.name === name);
        const roles = asked.roles === undefined && known !== undefined ? (known.roles as readonly Role[]) : rolesOf(asked.roles);
        const before = known === undefined ? undefined : { ...known, relations: await readRelations(pool, sealer, known.userId) };
        await saveProfile(pool, sealer, await tokens.makeUser(name, roles), profileOf(asked, name, before));
        print(`${name} (${roles.join(", ")}) may sign in once with ${await tokens.oneTimeCode(name, roles)}`);
      });
    });
  users
    .command("import <file.csv>")
    .description(
      "users from a CSV file: name, roles, facilities, exclude, credentials, relations, started; every fault is named before anything is written",
    )
    .option("--data-dir <dir>")
    .action(async (file: string, { dataDir }: Where) => {
      const { people, faults } = peopleOf(file);
      if (faults.length > 0) throw new CommandFault(faults.join("\n"));
      await withStores(dataDir, "users", async ({ pool, sealer }) => {
        const tokens = createTokens(pool);
        for (const { name, roles, profile } of people) await saveProfile(pool, sealer, await tokens.makeUser(name, roles), profile);
        print(`${people.length} users are there now`);
      });
    });
  users
    .command("list")
    .description("all users with what they may pull")
    .option("--data-dir <dir>")
    .option("--json")
    .action(async ({ dataDir, json }: Where & { json?: boolean }) =>
      withStores(dataDir, "users", async ({ pool, sealer }) => {
        const coders = await listCoders(pool);
        if (json === true) return print(JSON.stringify(coders, null, 2));
        for (const { userId, name, roles, facilities, payerExclusions, credentials } of coders) {
          const relations = (await readRelations(pool, sealer, userId)).length;
          print(
            [
              name,
              roles.join(" "),
              `facilities ${facilities.length === 0 ? "all" : facilities.join(" ")}`,
              ...(credentials.length === 0
                ? []
                : [credentials.map(({ credential, from, to }) => `${credential} ${from} to ${to ?? "open"}`).join(", ")]),
              ...(payerExclusions.length === 0 ? [] : [`not ${payerExclusions.join(" ")}`]),
              ...(relations === 0 ? [] : [`${relations} charts closed to them`]),
            ].join("; "),
          );
        }
      }),
    );
  users
    .command("token <name>")
    .description("a token for a machine, printed once")
    .requiredOption("--role <role>", "external-coder, source, billing …")
    .option("--days <n>", "how long it is good", "90")
    .option("--data-dir <dir>")
    .action(async (name: string, { role, days, dataDir }: Where & { role: string; days: string }) =>
      withStores(dataDir, "users", async ({ pool }) => print(await createTokens(pool).machineToken(name, rolesOf(role), Number(days)))),
    );
}

const showPreview = ({ version, open, moves }: Preview): string =>
  [
    `rules ${version}: ${open} open items, ${moves.reduce((sum, { items }) => sum + items, 0)} of them move`,
    ...moves.map(({ from, to, items }) => `  ${from} to ${to}: ${items}`),
  ].join("\n");

function registerQueues(program: Command): void {
  const queues = program.command("queues").description("rules of the queues, and who works them");
  queues
    .command("preview")
    .description("how many open items would move where under the rules of a folder; nothing is changed")
    .option("--queues <dir>", "the folder of the rules", "queues")
    .option("--data-dir <dir>")
    .action(async ({ queues: folder, dataDir }: Where & { queues: string }) => {
      const rules = rulesOf(folder);
      await withStores(dataDir, "queues", async ({ pool, sealer }) =>
        print(showPreview(await previewQueues({ pool, sealer, rules, now: () => new Date() }))),
      );
    });
  queues
    .command("apply")
    .description("route every open item by the rules of a folder, as a start with them would")
    .option("--queues <dir>", "the folder of the rules", "queues")
    .option("--data-dir <dir>")
    .action(async ({ queues: folder, dataDir }: Where & { queues: string }) => {
      const rules = rulesOf(folder);
      await withStores(dataDir, "queues", async ({ pool, sealer, run }) => {
        const strangers = rules.names.filter((name) => !run.queues.includes(name));
        if (strangers.length > 0)
          throw new CommandFault(`the running engine has no queue ${strangers.join(", ")}: start it again with these rules instead`);
        print(showPreview(await applyQueues({ pool, sealer, rules, now: () => new Date() }, "command line")));
      });
    });
  queues
    .command("worker <queue>")
    .description("a Redis user for outside workers of one queue (consumers: external), printed once")
    .option("--queues <dir>", "the folder of the rules", "queues")
    .option("--data-dir <dir>")
    .action(async (queue: string, { queues: folder, dataDir }: Where & { queues: string }) => {
      const rules = rulesOf(folder);
      if (!rules.names.includes(queue) || rules.rule(queue).consumers !== "external")
        throw new CommandFault(`${queue} is no queue of outside workers: its file must say consumers: external`);
      await withStores(dataDir, "queues", async ({ run }) => {
        const made = await makeExternalUser(run.redisUrl, run.redisPrefix, queue);
        const url = new URL(run.redisUrl);
        url.username = made.user;
        url.password = made.password;
        print(`REDIS_URL=${url.href}\nQUEUE=${queue}\nPREFIX=${made.prefix}`);
      });
    });
}

/** `users` and `queues`: who does the work, and by which rules it is handed out. */
export function registerSupervise(program: Command): void {
  registerUsers(program);
  registerQueues(program);
}
