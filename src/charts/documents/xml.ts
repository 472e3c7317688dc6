import iconv from "iconv-lite";
import { SaxesParser } from "saxes";

/** Text of an XML document, or the document that a C-CDA wraps. */
export type XmlText =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "wrapped"; readonly contentType: string; readonly bytes: Buffer };

/** Narrative blocks (C-CDA R2.1, CDA R2 4.3.5) that end a line. */
const LINES: ReadonlySet<string> = new Set(["title", "paragraph", "tr", "item", "caption", "list", "table", "section", "br"]);
const CELLS: ReadonlySet<string> = new Set(["td", "th"]);
const CDA = "urn:hl7-org:v3";

function decodeXml(bytes: Uint8Array): string {
  const head = Buffer.from(bytes.subarray(0, 200)).toString("latin1");
  const declared = /^[\s\S]{0,4}<\?xml[^>]*encoding=["']([\w.-]{1,40})["']/.exec(head)?.[1] ?? "utf8";
  const utf16 = bytes[0] === 0xff || bytes[0] === 0xfe;
  return iconv.decode(Buffer.from(bytes), utf16 ? "utf16" : iconv.encodingExists(declared) ? declared : "utf8");
}

/**
 * What a person reads of an XML document: the titles and narrative of a C-CDA, without its coded entries; all text of any other.
 * A C-CDA with a `nonXMLBody` gives the document that is in it. Entities other than XML's own are not resolved.
 * @returns undefined when it is not well-formed.
 */
export function textOfXml(bytes: Uint8Array): XmlText | undefined {
  const parser = new SaxesParser({ xmlns: true });
  const parts: string[] = [];
  const path: string[] = [];
  let cda = false;
  let broken = false;
  let body: { contentType: string; base64: boolean; parts: string[] } | undefined;
  const narrative = (): boolean => !cda || path.includes("text") || path.at(-1) === "title";
  parser.on("error", () => {
    broken = true;
  });
  parser.on("opentag", ({ local, uri, attributes }) => {
    if (path.length === 0) cda = local === "ClinicalDocument" && uri === CDA;
    path.push(local);
    if (cda && local === "text" && path.at(-2) === "nonXMLBody") {
      const value = (name: string): string => {
        const found: unknown = attributes[name];
        return typeof found === "object" && found !== null && "value" in found ? String(found.value) : "";
      };
      body = {
        contentType: value("mediaType").toLowerCase() || "application/octet-stream",
        base64: value("representation") === "B64",
        parts: [],
      };
    }
  });
  parser.on("closetag", ({ local }) => {
    if (LINES.has(local) && narrative()) parts.push("\n");
    else if (CELLS.has(local)) parts.push("\t");
    path.pop();
    if (!cda) parts.push(" ");
  });
  const text = (value: string): void => {
    if (body !== undefined && path.at(-2) === "nonXMLBody") body.parts.push(value);
    else if (narrative()) parts.push(cda ? value.replace(/\s+/g, " ") : value);
  };
  parser.on("text", text);
  parser.on("cdata", text);
  try {
    parser.write(decodeXml(bytes)).close();
  } catch {
    return undefined;
  }
  if (broken) return undefined;
  if (body !== undefined)
    return { kind: "wrapped", contentType: body.contentType, bytes: Buffer.from(body.parts.join(""), body.base64 ? "base64" : "utf8") };
  return { kind: "text", text: parts.join("") };
}
