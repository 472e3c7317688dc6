// npm test: installs what is missing, then runs the tests against a Postgres and a Redis of their own.
import { join } from "node:path";
import { ensurePackages, HOME } from "./setup/packages.mjs";
import { run } from "./setup/run.mjs";

ensurePackages();
run([join(HOME, "node_modules", "vitest", "vitest.mjs"), "run", "--root", HOME, ...process.argv.slice(2)]);
