// Runs a program of this checkout with the pinned Node, and ends as it ends.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { HOME, nodeBinary } from "./packages.mjs";

/** Node keeps what it made of the sources here, so that the next command need not read them all again. */
const COMPILED = join(HOME, "node_modules", ".cache", "compiled");

/**
 * What maps remember stays. To V8 that is a reason to put everything that is made at the same places among what stays, though most of it is of one
 * message: collecting it took a tenth of the time of mapping.
 */
const MEMORY = "--no-allocation-site-pretenuring";

export function run(args, env = process.env) {
  const child = spawn(nodeBinary(), [MEMORY, ...args], { stdio: "inherit", env: { NODE_COMPILE_CACHE: COMPILED, ...env } });
  // A terminal sends Ctrl-C to the whole group, so the child has it already; a service manager signals this process only.
  let asked = 0;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
    process.on(signal, () => {
      asked += 1;
      if (signal !== "SIGINT" || !process.stdin.isTTY || asked > 1) child.kill(signal);
    });
  child.on("exit", (code, signal) => process.exit(signal === null ? (code ?? 1) : 1));
  child.on("error", (error) => {
    process.stderr.write(`could not run Node ${nodeBinary()}: ${error.message}\n`);
    process.exit(1);
  });
}
