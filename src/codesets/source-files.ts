import { closeSync, createReadStream, openSync, readdirSync, readSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { Readable } from "node:stream";
import { createGunzip, createInflateRaw } from "node:zlib";

/** A file to import: one on disk, unpacked as it is read, or one within a zip archive. */
export interface SourceFile {
  /** For people: the path, and the name within the archive. */
  readonly label: string;
  /** The name without folders and without `.gz`: publishers put year and kind into it. */
  readonly name: string;
  open(): Readable;
}

/** A zip archive that cannot be read; the text says why. */
export class ArchiveFault extends Error {
  override readonly name = "ArchiveFault";
}

const END_RECORD = 0x06054b50;
const CENTRAL_ENTRY = 0x02014b50;

/** Entries of a zip archive (APPNOTE 4.3; stored or deflated, no encryption, below 4 GiB). */
function zipEntries(path: string): readonly SourceFile[] {
  const { size } = statSync(path);
  const fd = openSync(path, "r");
  const read = (at: number, length: number): Buffer => {
    const bytes = Buffer.alloc(length);
    readSync(fd, bytes, 0, length, at);
    return bytes;
  };
  try {
    const tail = read(Math.max(0, size - 65_557), Math.min(size, 65_557));
    const end = tail.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
    if (end < 0 || tail.readUInt32LE(end) !== END_RECORD) throw new ArchiveFault("is no whole zip archive: its directory is missing");
    const count = tail.readUInt16LE(end + 10);
    const directory = read(tail.readUInt32LE(end + 16), tail.readUInt32LE(end + 12));
    const entries: SourceFile[] = [];
    let at = 0;
    for (let n = 0; n < count; n++) {
      if (at + 46 > directory.length || directory.readUInt32LE(at) !== CENTRAL_ENTRY) throw new ArchiveFault("its directory is broken");
      const [flags, method] = [directory.readUInt16LE(at + 8), directory.readUInt16LE(at + 10)];
      const packed = directory.readUInt32LE(at + 20);
      const nameLength = directory.readUInt16LE(at + 28);
      const header = directory.readUInt32LE(at + 42);
      const name = directory.toString("utf8", at + 46, at + 46 + nameLength);
      at += 46 + nameLength + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
      if (name.endsWith("/")) continue;
      if ((flags & 1) === 1 || (method !== 0 && method !== 8))
        throw new ArchiveFault(`${name} is encrypted or packed in a way that is not read`);
      const local = read(header, 30);
      const start = header + 30 + local.readUInt16LE(26) + local.readUInt16LE(28);
      entries.push({
        label: `${path}/${name}`,
        name: basename(name),
        open: () => {
          if (packed === 0) return Readable.from([]);
          const raw = createReadStream(path, { start, end: start + packed - 1 });
          return method === 0 ? raw : unpack(raw, createInflateRaw());
        },
      });
    }
    return entries;
  } finally {
    closeSync(fd);
  }
}

/** A stream's errors go with the data, so that one `for await` sees both. */
function unpack(raw: Readable, through: ReturnType<typeof createGunzip> | ReturnType<typeof createInflateRaw>): Readable {
  raw.on("error", (error) => through.destroy(error));
  return raw.pipe(through);
}

/** Every file of the paths: folders are walked, zip archives opened, in the order of their names. Throws `ArchiveFault`, or what the file system says. */
export function sourceFiles(paths: readonly string[]): readonly SourceFile[] {
  return paths.flatMap((path): readonly SourceFile[] => {
    if (statSync(path).isDirectory())
      return sourceFiles(
        readdirSync(path)
          .filter((name) => !name.startsWith("."))
          .sort()
          .map((name) => join(path, name)),
      );
    if (/\.zip$/i.test(path)) return zipEntries(path);
    if (/\.gz$/i.test(path))
      return [{ label: path, name: basename(path).replace(/\.gz$/i, ""), open: () => unpack(createReadStream(path), createGunzip()) }];
    return [{ label: path, name: basename(path), open: () => createReadStream(path) }];
  });
}

/**
 * Lines of a file in batches, numbered from `first`. UTF-8; a file that is not is read as Windows-1252, as the NCCI tables are.
 * @returns one batch per chunk of bytes, so that the caller can wait between batches and never per line.
 */
export async function* lineBatches(
  stream: AsyncIterable<Buffer>,
): AsyncGenerator<{ readonly first: number; readonly lines: readonly string[] }> {
  const strict = new TextDecoder("utf-8", { fatal: true });
  const western = new TextDecoder("windows-1252");
  let fallen = false;
  const decode = (bytes: Buffer | undefined): string => {
    if (!fallen)
      try {
        return bytes === undefined ? strict.decode() : strict.decode(bytes, { stream: true });
      } catch {
        fallen = true;
      }
    return bytes === undefined ? "" : western.decode(bytes);
  };
  let rest = "";
  let next = 1;
  for await (const chunk of stream) {
    const lines = (rest + decode(chunk)).split("\n");
    rest = lines.pop() ?? "";
    if (lines.length === 0) continue;
    yield { first: next, lines: lines.map(withoutEnd) };
    next += lines.length;
  }
  rest += decode(undefined);
  if (rest !== "") yield { first: next, lines: [withoutEnd(rest)] };
}

const withoutEnd = (line: string): string => (line.endsWith("\r") ? line.slice(0, -1) : line);
