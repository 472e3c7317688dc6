import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Document, isSeq, parseDocument } from "yaml";

/** What a sender's code means, as `codes` of a table in a site's maps says it; null: FHIR has no code for it. */
export type CodeMeaning = { readonly code: string; readonly display?: string; readonly system?: string } | null;

/** MSH-3 and MSH-4 of a sender. */
export interface Sender {
  readonly application: string;
  readonly facility: string;
}

const isFor = (document: Document, { application, facility }: Sender): boolean => {
  const senders: unknown = (document.toJS() as { senders?: unknown } | null)?.senders;
  return (
    Array.isArray(senders) &&
    senders.some(
      (one: { application?: string; facility?: string }) =>
        (one.application ?? application) === application && (one.facility ?? facility) === facility,
    )
  );
};

const slug = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "") || "site";

/** The file of a sender's maps in a site's folder, else a new one named after it. */
function fileOf(sites: string, sender: Sender): { readonly path: string; readonly document: Document } {
  const names = existsSync(sites) ? readdirSync(sites, { encoding: "utf8" }).filter((name) => name.endsWith(".yaml")) : [];
  for (const name of names.sort()) {
    const document = parseDocument(readFileSync(join(sites, name), "utf8"));
    if (isFor(document, sender)) return { path: join(sites, name), document };
  }
  const site = slug(`${sender.application} ${sender.facility}`);
  const senders = [
    {
      ...(sender.application === "" ? {} : { application: sender.application }),
      ...(sender.facility === "" ? {} : { facility: sender.facility }),
    },
  ];
  const free = names.includes(`${site}.yaml`) ? `${site}-2` : site;
  return { path: join(sites, `${free}.yaml`), document: parseDocument(JSON.stringify({ site: free, senders, tables: [] })) };
}

/** A change of a file that can be taken back. */
export interface FileChange {
  readonly path: string;
  readonly undo: () => void;
}

/**
 * Writes what a sender's code means into its site's maps: the base is never touched, comments and order stay.
 * The file is replaced at once, so that a reader sees the old one or the new one.
 */
export function addCodeMeaning(folder: string, sender: Sender, table: string, code: string, meaning: CodeMeaning): FileChange {
  const { path, document } = fileOf(folder, sender);
  const before = existsSync(path) ? readFileSync(path, "utf8") : undefined;
  if (!isSeq(document.get("tables"))) document.set("tables", document.createNode([]));
  const tables = document.get("tables");
  if (!isSeq(tables)) throw new Error(`${path}: tables is no list`);
  const known = tables.items.findIndex((_, at) => document.getIn(["tables", at, "table"]) === table);
  if (known < 0) document.addIn(["tables"], document.createNode({ table, codes: { [code]: meaning } }));
  else document.setIn(["tables", known, "codes", code], document.createNode(meaning));
  mkdirSync(dirname(path), { recursive: true });
  const made = `${path}.new`;
  writeFileSync(made, document.toString({ flowCollectionPadding: true }));
  renameSync(made, path);
  return { path, undo: () => (before === undefined ? rmSync(path) : writeFileSync(path, before)) };
}
