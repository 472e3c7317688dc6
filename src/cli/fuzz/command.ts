import type { Command } from "commander";
import { CommandFault } from "../installation.ts";
import { wholeNumber, wholeNumberFrom } from "../whole-number.ts";

const FUZZ_DEFAULTS = { frames: 1_000_000, seed: 1, connections: 4, minutes: 30 } as const;

const out = (line: string): void => void process.stdout.write(`${line}\n`);
const err = (line: string): void => void process.stderr.write(`${line}\n`);

function readTarget(text: string): { readonly host: string; readonly port: number } {
  const match = /^(.+):(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (match?.[1] === undefined || port < 1 || port > 65_535) throw new CommandFault(`--mllp takes HOST:PORT, not ${text}`);
  return { host: match[1], port };
}

interface Asked {
  readonly frames: number;
  readonly seed: number;
  readonly connections: number;
  readonly minutes: number;
  readonly mllp?: { readonly host: string; readonly port: number };
  readonly dataDir?: string;
}

/** `fuzz`: what the engine does with frames nobody should send. */
export function registerFuzz(program: Command): void {
  program
    .command("fuzz")
    .description(
      "send sound, damaged and random frames to an engine of its own; exit 1 when an answer, the books, its memory or its life is not as it must be",
    )
    .option("--frames <n>", "frames to send", wholeNumberFrom(1), FUZZ_DEFAULTS.frames)
    .option("--seed <s>", "the same seed sends the same bytes", wholeNumber, FUZZ_DEFAULTS.seed)
    .option("--connections <n>", "connections at a time", wholeNumberFrom(1), FUZZ_DEFAULTS.connections)
    .option("--minutes <n>", "stop after this long though frames are left", wholeNumberFrom(1), FUZZ_DEFAULTS.minutes)
    .option("--data-dir <dir>", "folder in which the engine's data directory is made and removed again (a real disk)")
    .option("--mllp <host:port>", "an MLLP server that runs already; books and memory are not looked at", readTarget)
    .action(async ({ mllp, dataDir, ...options }: Asked) => {
      const asked = { ...options, ...(mllp === undefined ? {} : { target: mllp }), ...(dataDir === undefined ? {} : { dataDir }) };
      // Its messages are built by a library that takes seconds to load: no other command should wait for it.
      const { runFuzz } = await import("./fuzz.ts");
      process.exitCode = await runFuzz(asked, { env: process.env, out, err });
    });
}
