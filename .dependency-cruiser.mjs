// Who may import whom. A folder that is not listed here may import nothing at all (see unlisted-folder).
const MAY_IMPORT = {
  base: [],
  hl7v2: ["base"],
  fhir: ["base"],
  config: ["base", "hl7v2"],
  database: ["base"],
  telemetry: ["base", "database", "journal"],
  journal: ["base", "config", "database", "telemetry"],
  intake: ["base", "config", "hl7v2", "fhir", "journal", "telemetry"],
  sources: ["base", "config", "hl7v2", "fhir", "journal", "intake", "telemetry"],
  sitedata: ["base", "hl7v2", "fhir", "database"],
  mapping: ["base", "hl7v2", "fhir"],
  charts: ["base", "config", "database", "hl7v2", "fhir", "journal", "mapping", "telemetry"],
  codesets: ["base", "config", "database", "fhir", "journal", "telemetry"],
  coding: ["base", "database", "fhir", "charts", "sitedata", "codesets"],
  worklist: ["base", "config", "database", "journal", "charts", "codesets", "coding", "telemetry"],
  claims: ["base", "config", "database", "fhir", "sitedata", "charts", "coding", "worklist", "telemetry"],
  destinations: ["base", "config", "database", "fhir", "claims", "telemetry"],
  api: [
    "base",
    "config",
    "database",
    "fhir",
    "hl7v2",
    "journal",
    "intake",
    "sources",
    "mapping",
    "charts",
    "sitedata",
    "codesets",
    "coding",
    "worklist",
    "claims",
    "destinations",
    "telemetry",
  ],
  cli: [
    "base",
    "config",
    "database",
    "hl7v2",
    "fhir",
    "journal",
    "intake",
    "sources",
    "mapping",
    "charts",
    "codesets",
    "coding",
    "worklist",
    "claims",
    "sitedata",
    "api",
    "telemetry",
  ],
};
const PURE = ["base", "hl7v2", "fhir", "mapping", "coding"].join("|");
// I/O wears its name: only a file with the suffix may import the library.
const SUFFIX = { pg: "pg", bullmq: "bullmq|ioredis", http: "express|helmet" };

const oneDirection = Object.entries(MAY_IMPORT).map(([folder, targets]) => ({
  name: `${folder}-imports`,
  severity: "error",
  from: { path: `^src/${folder}/` },
  to: { path: "^src/", pathNot: `^src/(${[folder, ...targets].join("|")})/` },
}));
const suffixes = Object.entries(SUFFIX).map(([suffix, library]) => ({
  name: `${library.replaceAll("|", "-")}-only-in-${suffix}-files`,
  severity: "error",
  from: { path: "^src/", pathNot: `\\.${suffix}\\.ts$|^src/main/` },
  // A type alone moves no bytes: a function may say that it works within the caller's transaction.
  to: { path: `^node_modules/(@types/)?(${library})/`, dependencyTypesNot: ["type-only"] },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...oneDirection,
    ...suffixes,
    {
      name: "unlisted-folder",
      severity: "error",
      from: { path: "^src/", pathNot: `^src/(${[...Object.keys(MAY_IMPORT), "main"].join("|")})/` },
      to: {},
    },
    { name: "no-circular", severity: "error", from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } } },
    {
      name: "pure-needs-no-platform",
      severity: "error",
      from: { path: `^src/(${PURE})/` },
      to: { dependencyTypes: ["core"], pathNot: "^(node:)?(crypto|util|zlib)$" },
    },
    {
      name: "sockets-only-in-net-files",
      severity: "error",
      from: { path: "^src/", pathNot: "\\.net\\.ts$|^src/main/" },
      to: { path: "^(node:)?(net|tls|dgram)$" },
    },
    { name: "nothing-imports-main", severity: "error", from: { pathNot: "^(src/main|test)/" }, to: { path: "^src/main/" } },
    { name: "nothing-imports-test", severity: "error", from: { path: "^src/" }, to: { path: "^test/" } },
    // @medplum/fhirtypes is types only: there is no module to resolve to.
    { name: "no-unresolvable", severity: "error", from: {}, to: { couldNotResolve: true, pathNot: "^@medplum/fhirtypes$" } },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default", "types"] },
  },
};
