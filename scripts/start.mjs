// npm start: installs what is missing, then starts the engine.
import { join } from "node:path";
import { ensurePackages, HOME } from "./setup/packages.mjs";
import { run } from "./setup/run.mjs";

// In production nothing is fetched: what is there was put there on purpose.
if (!process.argv.includes("--production")) ensurePackages();
run([join(HOME, "src", "main", "start.ts"), ...process.argv.slice(2)]);
