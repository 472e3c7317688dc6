import type { Command } from "commander";
import { z } from "zod";
import { call } from "./coder.ts";
import { CommandFault } from "./installation.ts";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const found = z.looseObject({ accounts: z.array(z.looseObject({ id: z.string(), facility: z.string() })) });
const past = z.looseObject({
  version: z.int(),
  mergedInto: z.string().optional(),
  versions: z.array(z.looseObject({ version: z.int(), cause: z.string(), madeAt: z.string(), recordId: z.string().optional() })),
});
const difference = z.looseObject({
  from: z.int(),
  to: z.int(),
  changes: z.array(
    z.looseObject({ resource: z.string(), path: z.string(), before: z.unknown().optional(), after: z.unknown().optional() }),
  ),
});
const refusal = z.looseObject({ message: z.string() });

const short = (value: unknown): string => {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
};

interface Options {
  readonly from?: string;
  readonly to?: string;
  readonly at?: string;
  readonly json?: boolean;
  readonly dataDir?: string;
}

/** `history`: the versions of an account's chart, the chart as of one, and what differs between two, by the API. */
export function registerHistory(program: Command): void {
  program
    .command("history <account>")
    .description("the versions of an account's chart, and what differs between two of them")
    .option("--from <version>", "older version to compare; 0 = nothing")
    .option("--to <version>", "newer version to compare; the chart of now unless given")
    .option("--at <version>", "the whole chart as of this version, as JSON")
    .option("--json", "the answer as the API gives it")
    .option("--data-dir <dir>")
    .action(async (account: string, options: Options) => {
      const id = UUID.test(account) ? account : await idOf(account, options.dataDir);
      const { from, to, at } = options;
      const query = new URLSearchParams(
        Object.entries(at === undefined ? { from, to } : { version: at }).flatMap(([name, value]) =>
          value === undefined ? [] : [[name, value]],
        ),
      ).toString();
      const { status, body } = await call(options.dataDir, "GET", `/api/accounts/${id}/history${query === "" ? "" : `?${query}`}`);
      if (status !== 200) throw new CommandFault(refusal.safeParse(body).data?.message ?? `the engine answered ${status}`);
      const text = options.json === true || at !== undefined ? `${JSON.stringify(body, null, 2)}\n` : shown(body);
      process.stdout.write(text);
    });
}

async function idOf(number: string, dataDir: string | undefined): Promise<string> {
  const { body } = await call(dataDir, "POST", "/api/accounts/search", { number });
  const accounts = found.safeParse(body).data?.accounts ?? [];
  const [one] = accounts;
  if (one === undefined) throw new CommandFault("there is no account of this number");
  if (accounts.length > 1)
    throw new CommandFault(`several accounts have this number: ${accounts.map(({ id, facility }) => `${id} (${facility})`).join(", ")}`);
  return one.id;
}

/** A history or a difference as text. */
function shown(body: unknown): string {
  const compared = difference.safeParse(body);
  if (compared.success) {
    const { from, to, changes } = compared.data;
    const lines = changes.map(
      ({ resource, path, before, after }) => `${resource}${path === "" ? "" : `.${path}`}\n  - ${short(before)}\n  + ${short(after)}`,
    );
    return `${[`version ${from} to ${to}: ${changes.length} differences`, ...lines].join("\n")}\n`;
  }
  const told = past.safeParse(body);
  if (!told.success) throw new CommandFault("the engine's answer cannot be read: it is of another version; --json shows it");
  const { versions, mergedInto } = told.data;
  const lines = versions.map(
    ({ version, madeAt, cause, recordId }) =>
      `${String(version).padStart(4)}  ${madeAt}  ${cause}${recordId === undefined ? "" : `  record ${recordId}`}`,
  );
  return `${[...lines, ...(mergedInto === undefined ? [] : [`taken in by account ${mergedInto}`])].join("\n")}\n`;
}
