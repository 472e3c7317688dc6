interface XmlEvents {
  open(element: string, attributes: Readonly<Record<string, string>>): void;
  /** @param text the element's own text, trimmed; that of its children is theirs. */
  close(element: string, text: string): void;
  fault(line: number, text: string): void;
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
const decode = (text: string): string =>
  text.replace(
    /&(?:#x([0-9a-fA-F]+)|#(\d+)|(\w+));/g,
    (whole, hex: string | undefined, decimal: string | undefined, name: string | undefined) => {
      const point = hex !== undefined ? Number.parseInt(hex, 16) : decimal !== undefined ? Number(decimal) : undefined;
      if (point !== undefined) return point <= 0x10ffff ? String.fromCodePoint(point) : whole;
      return ENTITIES[name ?? ""] ?? whole;
    },
  );

/**
 * Reads XML as the publishers write it (elements, attributes, text, comments; no DTD, no namespaces) line by line, so that a file of any size
 * passes through. What it does not know in a document it refuses, it never guesses.
 */
export function createXmlReader(events: XmlEvents) {
  let rest = "";
  let line = 0;
  const open: { readonly name: string; readonly line: number; text: string }[] = [];
  const tag = (inside: string): void => {
    if (inside.startsWith("?") || inside.startsWith("!")) {
      if (/^!(DOCTYPE|ENTITY)/i.test(inside)) events.fault(line, "a document type is not read");
      return;
    }
    if (inside.startsWith("/")) {
      const name = inside.slice(1).trim();
      const ended = open.pop();
      if (ended?.name !== name)
        events.fault(line, `</${name}> ends ${ended === undefined ? "nothing" : `<${ended.name}> of line ${ended.line}`}`);
      else events.close(name, ended.text.trim());
      return;
    }
    const name = /^[\w.:-]+/.exec(inside)?.[0];
    if (name === undefined) return events.fault(line, "is not XML");
    const attributes: Record<string, string> = {};
    for (const [, key = "", double, single] of inside.matchAll(/([\w.:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g))
      attributes[key] = decode(double ?? single ?? "");
    events.open(name, attributes);
    if (inside.endsWith("/")) events.close(name, "");
    else open.push({ name, line, text: "" });
  };
  const consume = (): void => {
    for (;;) {
      const start = rest.indexOf("<");
      const text = start < 0 ? rest : rest.slice(0, start);
      const top = open.at(-1);
      if (text !== "" && top !== undefined) top.text += decode(text);
      if (start < 0) {
        rest = "";
        return;
      }
      const comment = rest.startsWith("<!--", start);
      const end = comment ? rest.indexOf("-->", start) : rest.indexOf(">", start);
      if (end < 0) {
        rest = rest.slice(start);
        return;
      }
      if (!comment) tag(rest.slice(start + 1, end));
      rest = rest.slice(end + (comment ? 3 : 1));
    }
  };
  return {
    line(text: string, number: number): void {
      line = number;
      rest += rest === "" ? text : `\n${text}`;
      if (open.length > 0 && rest !== "") rest += " ";
      consume();
    },
    end(): void {
      const unended = open.at(-1);
      if (unended !== undefined) events.fault(line, `<${unended.name}> of line ${unended.line} does not end: the file is cut off`);
      else if (rest.trim() !== "") events.fault(line, "ends in the middle of an element");
    },
  };
}
