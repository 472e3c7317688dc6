import { existsSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { LineCounter, parseDocument } from "yaml";
import { z } from "zod";
import { fail, ok, type Result } from "#src/base/result.ts";
import { type Feed, feedSettings } from "./feed.ts";
import type { Config, Destination } from "./types.ts";

const secret = z.string().regex(/^(\$\{[A-Z0-9_]+\}|file:.+)$/, "must be a reference: ${NAME} or file:PATH, never the secret itself");

const destination = z.strictObject({
  url: z.url({ protocol: /^https?$/ }),
  token: secret.optional(),
  timeoutMs: z.int().min(100).default(15_000),
});

const file = z.strictObject({
  http: z.strictObject({ host: z.string().default("127.0.0.1"), port: z.int().min(0).max(65535).default(8480) }).prefault({}),
  feeds: z.record(z.string().regex(/^[a-z0-9-]{1,40}$/), feedSettings),
  destinations: z.record(z.string().regex(/^[a-z0-9-]{1,40}$/), destination).default({}),
  siteData: z.string().default("site"),
  mappings: z.string().optional(),
  /** Folder of the site's own maps: they go over the shipped ones. */
  siteMaps: z.string().default("maps"),
  queues: z.string().optional(),
  grouper: z.strictObject({ command: z.array(z.string().min(1)).min(1), timeoutMs: z.int().min(100).default(10_000) }).optional(),
  lease: z.strictObject({ minutes: z.number().positive().default(30) }).prefault({}),
  disk: z.strictObject({ minimumFreeMb: z.int().min(16).default(512), folders: z.array(z.string().min(1)).default([]) }).prefault({}),
});

export interface ConfigSource {
  /** Path of chartbridge.yaml; its own relative paths start at its folder. */
  readonly path: string;
  readonly dataDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder of the shipped `mappings/` and `queues/`. */
  readonly home: string;
}

/** Reads a reference to a secret. Fails with what is missing, never with a part of the secret. */
function resolveSecret(reference: string, env: ConfigSource["env"], base: string): Result<string, string> {
  const name = /^\$\{(.+)\}$/.exec(reference)?.[1];
  if (name !== undefined) {
    const value = env[name];
    return value === undefined || value === "" ? fail(`the environment variable ${name} is not set`) : ok(value);
  }
  const path = resolve(base, reference.slice("file:".length));
  return existsSync(path) ? ok(readFileSync(path, "utf8").trim()) : fail("the file it names does not exist");
}

/**
 * Reads chartbridge.yaml as a whole and freezes it.
 * Fails with every fault at once, each as `chartbridge.yaml:LINE: path: what is wrong`.
 */
export function loadConfig({ path, dataDir, env, home }: ConfigSource): Result<Config, readonly string[]> {
  const lines = new LineCounter();
  const document = parseDocument(readFileSync(path, "utf8"), { lineCounter: lines });
  const where = (offset: number | undefined): string => `${path}:${offset === undefined ? 1 : lines.linePos(offset).line}`;
  if (document.errors.length > 0)
    return fail(document.errors.map((error) => `${where(error.pos[0])}: ${error.message.split("\n")[0] ?? ""}`));
  const lineOf = (at: readonly PropertyKey[]): string => {
    for (let depth = at.length; depth > 0; depth--) {
      const node = document.getIn(at.slice(0, depth), true) as { range?: [number, number, number] } | undefined;
      if (node?.range !== undefined) return where(node.range[0]);
    }
    return where(undefined);
  };
  const parsed = file.safeParse(document.toJS());
  if (!parsed.success) return fail(parsed.error.issues.map((issue) => `${lineOf(issue.path)}: ${issue.path.join(".")}: ${issue.message}`));
  const faults: string[] = [];
  const base = dirname(resolve(path));
  const destinations: Destination[] = Object.entries(parsed.data.destinations).map(([name, { url, token, timeoutMs }]) => {
    if (token === undefined) return { name, url, timeoutMs };
    const value = resolveSecret(token, env, base);
    if (!value.ok) faults.push(`${lineOf(["destinations", name, "token"])}: destinations.${name}.token: ${value.failure}`);
    return { name, url, timeoutMs, ...(value.ok ? { token: value.value } : {}) };
  });
  const feeds = Object.entries(parsed.data.feeds).map(([name, one]) => ({ name, ...withPaths(one, base) }) as Feed);
  if (feeds.length === 0) faults.push(`${where(undefined)}: feeds: name at least one feed`);
  if (faults.length > 0) return fail(faults);
  return ok(
    Object.freeze({
      dataDir,
      http: parsed.data.http,
      feeds,
      destinations,
      siteDataDir: resolve(base, parsed.data.siteData),
      mappingsDir: parsed.data.mappings === undefined ? resolve(home, "mappings") : resolve(base, parsed.data.mappings),
      siteMapsDir: resolve(base, parsed.data.siteMaps),
      queuesDir: parsed.data.queues === undefined ? resolve(home, "queues") : resolve(base, parsed.data.queues),
      ...(parsed.data.grouper === undefined ? {} : { grouper: parsed.data.grouper }),
      lease: parsed.data.lease,
      disk: { ...parsed.data.disk, folders: parsed.data.disk.folders.map((folder) => resolve(base, folder)) },
      demo: false,
    }),
  );
}

type Settings = z.output<typeof feedSettings>;

/** The files that a feed names, from the folder of chartbridge.yaml. */
function withPaths(feed: Settings, base: string): Settings {
  const path = (name: string): string => resolve(base, name);
  const tls = <T extends { authorities?: string | undefined }>(one: T): T => ({
    ...one,
    ...("certificate" in one && typeof one.certificate === "string" ? { certificate: path(one.certificate) } : {}),
    ...("key" in one && typeof one.key === "string" ? { key: path(one.key) } : {}),
    ...(one.authorities === undefined ? {} : { authorities: path(one.authorities) }),
  });
  const end = <T extends { tls?: { authorities?: string | undefined } | undefined }>(one: T): T =>
    one.tls === undefined ? one : { ...one, tls: tls(one.tls) };
  return {
    ...feed,
    ...(feed.mllp === undefined ? {} : { mllp: end(feed.mllp) }),
    ...(feed.connect === undefined ? {} : { connect: end(feed.connect) }),
    ...(feed.applicationAnswers === undefined ? {} : { applicationAnswers: end(feed.applicationAnswers) }),
    ...(feed.files === undefined ? {} : { files: { ...feed.files, folder: path(feed.files.folder) } }),
  };
}
