#!/usr/bin/env node
// The command line: npx chartbridge ... or npm run -s chartbridge -- ...
import { join } from "node:path";
import { ensurePackages, HOME } from "./setup/packages.mjs";
import { run } from "./setup/run.mjs";

ensurePackages();
run([join(HOME, "src", "cli", "main.ts"), ...process.argv.slice(2)]);
