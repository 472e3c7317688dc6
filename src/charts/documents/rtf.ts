import iconv from "iconv-lite";

/** Groups that hold no text of the document (RTF 1.9.1): tables of fonts and styles, pictures, data. */
const NO_TEXT: ReadonlySet<string> = new Set([
  "fonttbl",
  "colortbl",
  "stylesheet",
  "listtable",
  "listoverridetable",
  "rsidtbl",
  "generator",
  "info",
  "pict",
  "object",
  "objdata",
  "themedata",
  "colorschememapping",
  "datastore",
  "latentstyles",
  "xmlnstbl",
  "fldinst",
  "bkmkstart",
  "bkmkend",
]);
const WRITES: Readonly<Record<string, string>> = {
  par: "\n",
  line: "\n",
  sect: "\n",
  page: "\n",
  row: "\n",
  cell: "\t",
  tab: "\t",
  emdash: "—",
  endash: "–",
  bullet: "•",
  lquote: "‘",
  rquote: "’",
  ldblquote: "“",
  rdblquote: "”",
  emspace: " ",
  enspace: " ",
};
/** Deeper nesting than any writer makes: damage, or an attack. */
const DEPTH_MAX = 1_000;

interface Group {
  readonly silent: boolean;
  /** Characters that stand for a Unicode one, for readers that know none (`\uc`). */
  readonly fallback: number;
}

/**
 * The text of an RTF document (1.9.1), without its layout.
 * @returns undefined when the bytes are no RTF.
 */
export function textOfRtf(bytes: Uint8Array): string | undefined {
  const source = Buffer.from(bytes).toString("latin1");
  if (!/^\s*\{\\rtf/.test(source)) return undefined;
  const page = /\\ansicpg(\d{3,5})/.exec(source)?.[1] ?? "1252";
  const charset = iconv.encodingExists(`cp${page}`) ? `cp${page}` : "cp1252";
  const parts: string[] = [];
  let raw: number[] = [];
  const flush = (): void => {
    if (raw.length > 0) parts.push(iconv.decode(Buffer.from(raw), charset));
    raw = [];
  };
  const groups: Group[] = [];
  let group: Group = { silent: false, fallback: 1 };
  let skip = 0;
  const write = (text: string): void => {
    if (group.silent) return;
    flush();
    parts.push(text);
  };
  const byte = (code: number): void => {
    if (skip > 0) skip--;
    else if (!group.silent) raw.push(code);
  };
  const word = /([a-zA-Z]{1,32})(-?\d{1,10})? ?/y;
  for (let at = 0; at < source.length; at++) {
    const char = source[at];
    if (char === "{") {
      if (groups.length >= DEPTH_MAX) return undefined;
      groups.push(group);
      skip = 0;
    } else if (char === "}") {
      group = groups.pop() ?? group;
      skip = 0;
    } else if (char !== "\\") {
      if (char !== "\r" && char !== "\n") byte(source.charCodeAt(at));
    } else {
      const next = source[at + 1] ?? "";
      word.lastIndex = at + 1;
      const control = word.exec(source);
      if (control === null) {
        if (next === "'") {
          const code = Number.parseInt(source.slice(at + 2, at + 4), 16);
          if (!Number.isNaN(code)) byte(code);
          at += 3;
          continue;
        }
        if (next === "*") group = { ...group, silent: true };
        else if (next === "~") write(" ");
        else if (next === "_") write("-");
        else if (next === "\n" || next === "\r") write("\n");
        else if (next === "\\" || next === "{" || next === "}") byte(next.charCodeAt(0));
        at++;
        continue;
      }
      const [whole, name = "", parameter] = control;
      at += whole.length;
      if (name === "bin") at += Math.max(0, Number(parameter ?? 0));
      else if (name === "uc") group = { ...group, fallback: Number(parameter ?? 1) };
      else if (name === "u") {
        const code = Number(parameter ?? 0);
        write(String.fromCharCode(code < 0 ? code + 65_536 : code & 0xff_ff));
        skip = group.fallback;
      } else if (NO_TEXT.has(name)) group = { ...group, silent: true };
      else if (WRITES[name] !== undefined) write(WRITES[name]);
    }
  }
  flush();
  return parts.join("");
}
