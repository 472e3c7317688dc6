// Installs the node modules of this checkout when they are missing or belong to another package-lock.json.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const HOME = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const STAMP = join(HOME, "node_modules", ".chartbridge-lock");
const PINNED_NODE = join(HOME, "node_modules", "node", "bin", "node");
const NODE_MIN = 24;

const lockDigest = () =>
  createHash("sha256")
    .update(readFileSync(join(HOME, "package-lock.json")))
    .digest("hex");

export function ensurePackages(report = (line) => process.stderr.write(`${line}\n`)) {
  const digest = lockDigest();
  if (existsSync(STAMP) && readFileSync(STAMP, "utf8").trim() === digest) return;
  report("Installing packages (first start, about half a minute) ...");
  const began = Date.now();
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  const run = spawnSync(npm, ["ci", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: HOME, stdio: ["ignore", "inherit", "inherit"] });
  if (run.status !== 0) {
    report("npm ci failed; is the npm registry reachable from here?");
    process.exit(1);
  }
  writeFileSync(STAMP, `${digest}\n`);
  report(`Packages installed in ${Math.round((Date.now() - began) / 1000)} s.`);
}

/** The Node 24 that runs Chartbridge: the one in use when it is new enough, else the pinned package. */
export function nodeBinary() {
  const [major = "0"] = process.versions.node.split(".");
  if (Number(major) >= NODE_MIN && !existsSync(PINNED_NODE)) return process.execPath;
  return PINNED_NODE;
}
