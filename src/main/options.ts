import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { fail, ok, type Result } from "#src/base/result.ts";

export interface StartOptions {
  readonly dataDir: string;
  /** Path of chartbridge.yaml; undefined = the built-in configuration. */
  readonly config: string | undefined;
  readonly port: number | undefined;
  readonly mllpPort: number | undefined;
  readonly demo: boolean;
  readonly production: boolean;
  readonly help: boolean;
}

export const HELP = `Usage: npm start -- [options]

Starts Chartbridge: the MLLP listeners, the fold, the coding queues, the API and the delivery of claims, with its own
PostgreSQL and Redis unless DATABASE_URL and REDIS_URL are set. Without a chartbridge.yaml it runs a demo feed with
synthetic patients. Ctrl-C stops everything it started.

  --config FILE      configuration (default: ./chartbridge.yaml when there is one)
  --no-demo          without a configuration: one feed on loopback, and no demo messages
  --port N           port of the API (default 8480; 0 = any free one)
  --mllp-port N      port of the built-in feed (default 2575; 0 = any free one)
  --data-dir DIR     where databases, keys and logs are kept (default .chartbridge/demo or .chartbridge/main)
  --production       installs nothing, starts no store of its own, refuses the demo
  --help             this text

Environment: DATABASE_URL, REDIS_URL, CHARTBRIDGE_ID_KEY, CHARTBRIDGE_ENCRYPTION_KEY, CHARTBRIDGE_LOG (silent, warn, info).
`;

/** Reads the command line. Fails with one sentence that says what is wrong. */
export function readOptions(args: readonly string[], cwd: string, hasDefaultConfig: boolean): Result<StartOptions, string> {
  try {
    const { values } = parseArgs({
      args: [...args],
      allowNegative: true,
      options: {
        config: { type: "string" },
        demo: { type: "boolean" },
        port: { type: "string" },
        "mllp-port": { type: "string" },
        "data-dir": { type: "string" },
        production: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
    const port = (name: "port" | "mllp-port"): number | undefined => {
      const text = values[name];
      if (text === undefined) return undefined;
      const number = Number(text);
      if (!Number.isInteger(number) || number < 0 || number > 65535) throw new Error(`--${name} takes a port number from 0 to 65535`);
      return number;
    };
    const config = values.config ?? (hasDefaultConfig && values.demo !== true ? "chartbridge.yaml" : undefined);
    const production = values.production ?? false;
    if (production && values.demo === true) return fail("--production refuses the demo");
    if (production && config === undefined) return fail("--production needs a chartbridge.yaml (or --config FILE)");
    const demo = config === undefined && (values.demo ?? true);
    return ok({
      dataDir: resolve(cwd, values["data-dir"] ?? join(".chartbridge", demo ? "demo" : "main")),
      config: config === undefined ? undefined : resolve(cwd, config),
      port: port("port"),
      mllpPort: port("mllp-port"),
      demo,
      production,
      help: values.help ?? false,
    });
  } catch (error) {
    return fail(error instanceof Error ? (error.message.split("\n")[0] ?? "wrong options") : "wrong options");
  }
}
