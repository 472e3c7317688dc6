import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { z } from "zod";
import { CommandFault, findInstallation } from "../installation.ts";
import { FIRST_TRIES, firstCodes, rightCodes } from "./first-tries.ts";

const progress = z.object({ begun: z.iso.datetime() });
const ZONE = "America/Chicago";

/** `demo-codes`: codes for an account of the demo story, as a hurried coder sends them or as they should be. */
export function registerDemoCodes(program: Command): void {
  program
    .command("demo-codes <account>")
    .description("codes for an account of the demo story; the first try of some has a mistake an edit stops")
    .option("--right", "without the mistake")
    .option("--data-dir <dir>")
    .action(async (account: string, { right, dataDir }: { right?: boolean; dataDir?: string }) => {
      const file = join(findInstallation(dataDir).dataDir, "demo-story.json");
      if (!existsSync(file)) throw new CommandFault("the demo story was not told here");
      // It builds messages, and so loads HL7's dictionaries.
      const { DEMO_SEED, demoStays } = await import("./story.ts");
      const { begun } = progress.parse(JSON.parse(readFileSync(file, "utf8")));
      const stays = demoStays(DEMO_SEED, new Date(begun), ZONE);
      const index = stays.findIndex((stay) => stay.account === account);
      const stay = stays[index];
      if (stay === undefined) throw new CommandFault(`the demo story has no account ${account}`);
      const slip = FIRST_TRIES[index + 1];
      if (slip !== undefined && right !== true) process.stderr.write(`with a mistake: ${slip.slip}\n`);
      process.stdout.write(`${JSON.stringify(right === true ? rightCodes(stay) : firstCodes(index + 1, stay), null, 2)}\n`);
    });
}
