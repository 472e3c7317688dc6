/** Text that is HTML already. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character);

type Value = string | number | undefined | Html | readonly Html[];

function shown(value: Value): string {
  if (value === undefined) return "";
  if (value instanceof Html) return value.text;
  if (typeof value === "string" || typeof value === "number") return escaped(String(value));
  return value.map(({ text }) => text).join("");
}

/** HTML with every value in it escaped, unless it is HTML. */
export const html = (parts: TemplateStringsArray, ...values: readonly Value[]): Html =>
  new Html(parts.map((part, index) => part + shown(values[index])).join(""));

/** One box of a form: its number there, a word of ours, and what stands in it. */
export const box = (number: string, label: string, value: Value, width = 2): Html =>
  html`<div class="box w${width}"><b>${number}</b> <i>${label}</i><p>${value}</p></div>`;

export const STYLE = `
@page { size: letter; margin: 10mm }
body { font: 11px/1.35 system-ui, sans-serif; color: #111; margin: 12px auto; max-width: 800px }
h1 { font-size: 15px; margin: 0 } .note { color: #a00; margin: 2px 0 8px; font-weight: 600 }
.form { display: grid; grid-template-columns: repeat(12, 1fr); border: 1px solid #444 }
.box { border: 1px solid #999; padding: 2px 4px; min-height: 28px; overflow-wrap: anywhere }
.box b { font-size: 9px } .box i { font-size: 9px; color: #555; font-style: normal } .box p { margin: 0; font-family: ui-monospace, monospace; white-space: pre-line }
.w1 { grid-column: span 1 } .w2 { grid-column: span 2 } .w3 { grid-column: span 3 } .w4 { grid-column: span 4 } .w6 { grid-column: span 6 } .w12 { grid-column: span 12 }
table { width: 100%; border-collapse: collapse; margin-top: 6px } th, td { border: 1px solid #999; padding: 2px 4px; text-align: left; font-family: ui-monospace, monospace }
th { font: 600 9px system-ui, sans-serif; color: #333 } td.n, th.n { text-align: right } tr { break-inside: avoid } tfoot td { font-weight: 700 }
`;

/** A whole page without scripts, which prints as it looks. */
export const page = (title: string, content: readonly Html[]): string =>
  `<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>${escaped(title)}</title><style>${STYLE}</style></head><body>${shown(content)}</body></html>\n`;
