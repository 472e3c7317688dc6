import { addressOf } from "#src/config/destination.ts";
import type { Config } from "#src/config/types.ts";
import type { Engine } from "./engine.ts";

interface Greeting {
  readonly config: Config;
  readonly engine: Engine;
  /** From the command to here. */
  readonly seconds: number;
  /** One-time sign-in code. */
  readonly code: string;
  readonly dataDir: string;
  /** The data directory is not the one that commands look for by themselves. */
  readonly named: boolean;
}

/** What a person sees when everything is up: what listens where, how to sign in, and what to try. */
export function greeting({ config, engine, seconds, code, dataDir, named }: Greeting): string {
  const feeds = config.feeds
    .filter((feed) => engine.mllp[feed.name] !== undefined)
    .map(
      (feed) =>
        `  MLLP    ${feed.mllp?.host ?? ""}:${engine.mllp[feed.name] ?? 0}   feed ${feed.name}, facility ${feed.facility}, ${feed.zone}`,
    );
  const destinations = engine.destinations.map((one) => `  Claims  ${addressOf(one)}   delivered there (${one.name})`);
  const where = named ? ` --data-dir ${dataDir}` : "";
  return [
    "",
    `Chartbridge is ready (${seconds.toFixed(1)} s).`,
    "",
    ...feeds,
    `  FHIR    ${engine.http}/fhir/R4`,
    `  API     ${engine.http}/api`,
    ...destinations,
    `  Data    ${dataDir}`,
    "",
    ...(config.demo
      ? ["A demo story of 36 synthetic patients is being sent to the MLLP port; `npx chartbridge status` shows it arrive.", ""]
      : []),
    "Try next, in another terminal (the code is good for one sign-in):",
    "",
    `  npx chartbridge sign-in ${code}${where}`,
    `  npx chartbridge next inpatient${where}`,
    `  npx chartbridge submit examples/first-claim/codes.json${where}`,
    "",
    "Ctrl-C stops everything.",
  ].join("\n");
}
