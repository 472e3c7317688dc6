#!/usr/bin/env node
// The command line: npx chartbridge ... or npm run -s chartbridge -- ...
import { join } from "node:path";
import { ensurePackages, HOME } from "./setup/packages.mjs";
import { run } from "./setup/run.mjs";

ensurePackages();
const [command, ...rest] = process.argv.slice(2);
// The engine reads its own options, so that `chartbridge start` and `npm start` are the same.
if (command === "start") run([join(HOME, "src", "main", "start.ts"), ...rest]);
else run([join(HOME, "src", "cli", "main.ts"), ...process.argv.slice(2)]);
