import { gzipSync } from "node:zlib";
import type { Resource } from "@medplum/fhirtypes";
import { CANONICAL, PACKAGE_NAME, PACKAGE_VERSION } from "./canonicals.ts";

const BLOCK = 512;

/** The header of a file in a tar archive (POSIX 1003.1, ustar). Times are nought: the same package is the same bytes. */
function tarHeader(name: string, size: number): Buffer {
  const header = Buffer.alloc(BLOCK);
  const octal = (value: number, length: number): string => value.toString(8).padStart(length - 1, "0");
  header.write(name, 0, 100, "utf8");
  header.write(octal(0o644, 8), 100);
  header.write(octal(0, 8), 108);
  header.write(octal(0, 8), 116);
  header.write(octal(size, 12), 124);
  header.write(octal(0, 12), 136);
  header.write(" ".repeat(8), 148);
  header.write("0", 156);
  header.write("ustar", 257);
  header.write("00", 263);
  header.write(
    `${octal(
      header.reduce((sum, byte) => sum + byte, 0),
      7,
    )}\0 `,
    148,
  );
  return header;
}

function tar(files: readonly (readonly [name: string, content: string])[]): Buffer {
  const blocks = files.flatMap(([name, content]) => {
    const bytes = Buffer.from(content);
    return [tarHeader(name, bytes.length), bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]);
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
const fileName = ({ resourceType, id }: Resource): string => `${resourceType}-${id ?? ""}.json`;

/** What package registries read of a FHIR package. */
export const packageManifest = () => ({
  name: PACKAGE_NAME,
  version: PACKAGE_VERSION,
  type: "IG",
  canonical: CANONICAL,
  title: "Coded claims",
  description: "Profiles of the claims that leave, and of the answers to them.",
  fhirVersions: ["4.0.1"],
  dependencies: { "hl7.fhir.r4.core": "4.0.1" },
  author: "Chartbridge",
  license: "Apache-2.0",
  jurisdiction: "urn:iso:std:iso:3166#US",
});

function indexEntry(resource: Resource): Readonly<Record<string, unknown>> {
  const { resourceType, id } = resource;
  const { url, version, kind, type } = resource as { url?: string; version?: string; kind?: string; type?: unknown };
  return { filename: fileName(resource), resourceType, id, url, version, kind, ...(typeof type === "string" ? { type } : {}) };
}

/** The package as a file (`.tgz`): package.json, index, resources, examples. The same content gives the same bytes. */
export function packageArchive(resources: readonly Resource[], examples: readonly Resource[]): Buffer {
  const index = (files: readonly Resource[]) => json({ "index-version": 2, files: files.map(indexEntry) });
  return gzipSync(
    tar([
      ["package/package.json", json(packageManifest())],
      ["package/.index.json", index(resources)],
      ...resources.map((resource) => [`package/${fileName(resource)}`, json(resource)] as const),
      ["package/example/.index.json", index(examples)],
      ...examples.map((resource) => [`package/example/${fileName(resource)}`, json(resource)] as const),
    ]),
  );
}
