import { existsSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { z } from "zod";
import { fail, ok, type Result } from "#src/base/result.ts";
import { faultAt, issuePath, readYaml } from "#src/base/yaml-file.ts";
import { isZone } from "#src/hl7v2/zones.ts";
import { type Feed, feedSettings } from "./feed.ts";
import { addressOf, type Destination, destinationSettings, type FhirDestination } from "./destination.ts";
import type { Config } from "./types.ts";

const file = z.strictObject({
  http: z.strictObject({ host: z.string().default("127.0.0.1"), port: z.int().min(0).max(65535).default(8480) }).prefault({}),
  feeds: z.record(z.string().regex(/^[a-z0-9-]{1,40}$/), feedSettings),
  destinations: z.record(z.string().regex(/^[a-z0-9-]{1,40}$/), destinationSettings).default({}),
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
  const yaml = readYaml(path, readFileSync(path, "utf8"));
  if (!yaml.ok) return yaml;
  const { at: lineOf } = yaml.value;
  const parsed = file.safeParse(yaml.value.content);
  if (!parsed.success) return fail(parsed.error.issues.map((issue) => faultAt(yaml.value, issuePath(issue), issue.message)));
  const faults: string[] = [];
  const base = dirname(resolve(path));
  const destinations = Object.entries(parsed.data.destinations).map(([name, settings]): Destination => {
    const secretAt = (reference: string, ...at: readonly (string | number)[]): string => {
      const value = resolveSecret(reference, env, base);
      const path = ["destinations", name, ...at];
      if (!value.ok) faults.push(`${lineOf(path)}: ${path.join(".")}: ${value.failure}`);
      return value.ok ? value.value : "";
    };
    return settledDestination(name, settings, secretAt, base);
  });
  const feeds = Object.entries(parsed.data.feeds).map(([name, one]) => ({ name, ...withPaths(one, base) }) as Feed);
  faults.push(...destinationFaults(destinations, lineOf));
  if (feeds.length === 0) faults.push(`${lineOf([])}: feeds: name at least one feed`);
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

/** What a destination's settings do not say by themselves: files that are not there, secrets sent in clear over a network. */
function destinationFaults(destinations: readonly Destination[], lineOf: (at: readonly PropertyKey[]) => string): readonly string[] {
  return destinations.flatMap((destination) => {
    const { name } = destination;
    const fault = (at: readonly string[], said: string): string =>
      `${lineOf(["destinations", name, ...at])}: ${["destinations", name, ...at].join(".")}: ${said}`;
    if (destination.kind === "files") return [];
    const missing = Object.entries(typeof destination.tls === "object" ? destination.tls : {}).flatMap(([key, path]) =>
      path === undefined || existsSync(path) ? [] : [fault(["tls", key], "the file it names does not exist")],
    );
    if (destination.kind === "mllp")
      return [...missing, ...(isZone(destination.zone) ? [] : [fault(["zone"], "is not an IANA time zone such as America/Chicago")])];
    const address = new URL(addressOf(destination));
    const clear = address.protocol === "http:" && !LOOPBACK.has(address.hostname) && destination.auth.kind !== "none";
    return [
      ...missing,
      ...(clear ? [fault(["url"], "credentials are sent over https only, except to this machine")] : []),
      ...pollFaults(destination).map(([at, said]) => fault(at, said)),
    ];
  });
}

/** Strategies after which the server has a Claim whose id it tells. */
const LEAVES_A_CLAIM: ReadonlySet<string> = new Set(["auto", "transaction", "claim"]);

/** Settings with which no answer could ever be fetched. */
function pollFaults({ auth, strategy, answers }: FhirDestination): readonly (readonly [readonly string[], string])[] {
  if (answers === undefined) return [];
  const scoped = !("scope" in auth) || /\/(ClaimResponse|\*)\./.test(auth.scope);
  return [
    ...(scoped ? [] : [[["auth", "scope"], "to poll for answers, ask for them too: system/Claim.cruds system/ClaimResponse.rs"] as const]),
    ...(answers.poll.by === "request" && !LEAVES_A_CLAIM.has(strategy)
      ? [
          [
            ["answers", "poll", "by"],
            `with the strategy ${strategy} we know no claim there by its id: poll by last-updated or identifier`,
          ] as const,
        ]
      : []),
  ];
}
const LOOPBACK: ReadonlySet<string> = new Set(["127.0.0.1", "localhost", "[::1]"]);

/** A destination with its secrets in place of their names, and its files from the folder of chartbridge.yaml. */
function settledDestination(
  name: string,
  settings: z.output<typeof destinationSettings>,
  secretAt: (reference: string, ...at: readonly (string | number)[]) => string,
  base: string,
): Destination {
  const path = (file: string): string => resolve(base, file);
  const tls = <T extends { readonly certificate?: string | undefined }>(one: T): T =>
    Object.fromEntries(Object.entries(one).map(([key, file]) => [key, typeof file === "string" ? path(file) : file])) as T;
  if (settings.kind === "files") return { name, ...settings, folder: path(settings.folder) } as Destination;
  if (settings.kind === "mllp")
    return { name, ...settings, ...(typeof settings.tls === "object" ? { tls: tls(settings.tls) } : {}) } as Destination;
  const { auth } = settings;
  const resolved = {
    ...auth,
    ...(auth.kind === "basic" ? { password: secretAt(auth.password, "auth", "password") } : {}),
    ...(auth.kind === "bearer" ? { token: secretAt(auth.token, "auth", "token") } : {}),
    ...(auth.kind === "client-secret" ? { clientSecret: secretAt(auth.clientSecret, "auth", "clientSecret") } : {}),
    ...(auth.kind === "private-key-jwt" ? { keys: auth.keys.map((key, at) => secretAt(key, "auth", "keys", at)) } : {}),
  };
  return {
    ...settings,
    name,
    kind: "fhir",
    auth: resolved,
    ...(settings.tls === undefined ? {} : { tls: tls(settings.tls) }),
  } as Destination;
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
