import type { Command } from "commander";
import { z } from "zod";
import { holdRow } from "#src/worklist/holds.ts";
import { call } from "./coder.ts";
import { CommandFault } from "./installation.ts";

const page = z.looseObject({
  items: z.array(
    z.looseObject({
      id: z.string(),
      queue: z.string(),
      facility: z.string(),
      totalCents: z.coerce.number(),
      holds: z.array(z.looseObject({ code: z.string(), owner: z.string(), blocks: z.string() })),
    }),
  ),
  next: z.string().optional(),
});
type HeldItem = z.infer<typeof page>["items"][number];

const refusal = z.looseObject({ message: z.string(), detail: z.string().optional() });

/** What the engine said in place of an answer. */
function said({ status, body }: { readonly status: number; readonly body: unknown }): string {
  const answer = refusal.safeParse(body);
  return answer.success ? [answer.data.message, answer.data.detail].filter(Boolean).join(": ") : `the engine answered ${status}`;
}

async function heldItems(dataDir: string | undefined, queue: string | undefined): Promise<readonly HeldItem[]> {
  const items: HeldItem[] = [];
  for (let after: string | undefined = ""; after !== undefined; ) {
    const asked = new URLSearchParams({
      state: "HELD",
      limit: "200",
      ...(queue === undefined ? {} : { queue }),
      ...(after === "" ? {} : { after }),
    });
    const answer = await call(dataDir, "GET", `/api/work-items?${asked.toString()}`);
    const read = page.safeParse(answer.body);
    if (answer.status !== 200 || !read.success) throw new CommandFault(said(answer));
    items.push(...read.data.items);
    after = read.data.next;
  }
  return items;
}

const dollars = (cents: number): string => (cents / 100).toLocaleString("en-US", { style: "currency", currency: "USD" });

/** Held items by what holds them: why, for whom they wait, what clears it, then each item with its queue and dollars. */
export function showHeld(items: readonly HeldItem[]): string {
  const codes = [...new Set(items.flatMap(({ holds }) => holds.map(({ code }) => code)))].sort();
  const lines = codes.flatMap((code) => {
    const row = holdRow(code);
    const held = items.filter(({ holds }) => holds.some((hold) => hold.code === code));
    const [owner = ""] = held.flatMap(({ holds }) => holds.filter((hold) => hold.code === code).map((hold) => hold.owner));
    return [
      row === undefined ? `${code}  (waits for ${owner})` : `${code}  ${row.reason}`,
      ...(row === undefined ? [] : [`  waits for ${owner}; cleared by ${row.clears}`]),
      ...held.map(({ id, queue, facility, totalCents }) => `  item ${id}  ${queue}  ${facility}  ${dollars(totalCents)}`),
      "",
    ];
  });
  return items.length === 0 ? "nothing is held from coding\n" : `${lines.join("\n")}Lift one with: npx chartbridge lift ITEM CODE\n`;
}

/** `held` and `lift`: what keeps items from being coded, and whose work that is, from a terminal. */
export function registerHolds(program: Command): void {
  program
    .command("held")
    .description("items that a hold keeps from coders: why, whom they wait for, and what clears it")
    .option("--queue <name>", "of one queue")
    .option("--data-dir <dir>")
    .option("--json", "the items as the API gives them")
    .action(async ({ queue, dataDir, json }: { queue?: string; dataDir?: string; json?: boolean }) => {
      const items = await heldItems(dataDir, queue);
      process.stdout.write(json === true ? `${JSON.stringify(items, null, 2)}\n` : showHeld(items));
    });
  program
    .command("lift <item> <code>")
    .description("lift a hold: a person's by whoever codes, most of the engine's by a supervisor")
    .option("--data-dir <dir>")
    .action(async (item: string, code: string, { dataDir }: { dataDir?: string }) => {
      const answer = await call(dataDir, "DELETE", `/api/work-items/${encodeURIComponent(item)}/holds/${encodeURIComponent(code)}`);
      const lifted = z.looseObject({ state: z.string() }).safeParse(answer.body);
      if (answer.status !== 200 || !lifted.success) throw new CommandFault(said(answer));
      process.stdout.write(`${code} lifted: the item is ${lifted.data.state}\n`);
    });
}
