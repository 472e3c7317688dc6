import { describe, expect, it } from "vitest";
import { extractText } from "#src/charts/documents/extract.ts";
import { extractInThread } from "#src/charts/documents/extract-thread.ts";
import { findWords, wordsOf } from "#src/charts/documents/search.ts";
import { pdfOf } from "./pdf.ts";

const read = (text: string, type: string, encoding: BufferEncoding = "utf8") => extractText(Buffer.from(text, encoding), type);
const CDA = (body: string): string => `<?xml version="1.0" encoding="UTF-8"?>
<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:sdtc="urn:hl7-org:sdtc"><title>Discharge Summary</title>
<recordTarget><patientRole><patient><name><given>Ada</given></name></patient></patientRole></recordTarget>${body}</ClinicalDocument>`;

describe("the text of an RTF document", () => {
  it("is what a reader sees: paragraphs, accents, dashes and other alphabets", async () => {
    const rtf = String.raw`{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0 Arial;}}{\colortbl;\red0\green0\blue0;}{\*\generator Writer;}{\info{\title Secret title}}
\pard\b Op note\b0\par Caf\'e9 \u8212? knee, \u1050?\u1086?\u1083?\par BP 120\tab 80\line {\i done}\par}`;
    expect(await read(rtf, "application/rtf", "latin1")).toEqual({ text: "Op note\nCafé — knee, Кол\nBP 120\t80\ndone" });
  });

  it("leaves pictures and what is in binary out", async () => {
    expect(await read(String.raw`{\rtf1 before{\pict\pngblip 89504e47}{\*\shppict x}\bin3 {{{ after\par}`, "application/rtf")).toEqual({
      text: "before after",
    });
  });

  it("is not guessed from something else", async () => {
    expect(await read("plain words", "application/rtf")).toEqual({ reason: "NOT_READABLE" });
  });
});

describe("the text of a C-CDA", () => {
  it("is its titles and narrative, line by line, without coded entries and headers", async () => {
    const body = `<component><structuredBody><component><section><code code="10160-0"/><title>Medications</title>
      <text><table><tr><th>Drug</th><th>Dose</th></tr><tr><td>Aspirin</td><td>81 mg</td></tr></table><paragraph>Take &amp; rest</paragraph></text>
      <entry><observation><value>coded only</value></observation></entry></section></component></structuredBody></component>`;
    const extracted = await read(CDA(body), "text/xml");
    expect(extracted).toEqual({
      text: expect.stringMatching(/^Discharge Summary\n[\s\S]*Medications\n[\s\S]*Aspirin\t81 mg[\s\S]*Take & rest$/) as string,
    });
    expect(JSON.stringify(extracted)).not.toMatch(/coded only|Ada/);
  });

  it("with a body that is no XML is that of the document in it", async () => {
    const inner = Buffer.from("{\\rtf1 inner words\\par}").toString("base64");
    const body = `<component><nonXMLBody><text mediaType="text/rtf" representation="B64">${inner}</text></nonXMLBody></component>`;
    expect(await read(CDA(body), "application/hl7-sda+xml")).toEqual({ text: "inner words" });
  });

  it("never resolves an entity of its own", async () => {
    const bomb = `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]><x>&a;</x>`;
    expect(await read(bomb, "text/xml")).toEqual({ reason: "NOT_READABLE" });
  });
});

describe("the text of a PDF", () => {
  it("is drawn out", async () => {
    const extracted = await extractText(pdfOf("Pathology: adenocarcinoma"), "application/pdf");
    expect(extracted).toEqual({ text: "Pathology: adenocarcinoma" });
  });

  it("that is a scan is said to be an image", async () => {
    expect(await extractText(pdfOf(""), "application/pdf")).toEqual({ reason: "IMAGE" });
  });

  it("that is damaged is said to be so", async () => {
    expect(await read("%PDF-1.7\nnot really", "application/pdf")).toEqual({ reason: "NOT_READABLE" });
  });

  it("is found by what the bytes are, whatever the sender calls them", async () => {
    expect(await extractText(pdfOf("found"), "application/octet-stream")).toEqual({ text: "found" });
  });
});

describe("a document of another kind", () => {
  it("says why it is not searched", async () => {
    expect(await read("abc", "application/msword")).toEqual({ reason: "KIND_NOT_READ" });
    expect(await read("abc", "image/png")).toEqual({ reason: "IMAGE" });
    expect(await read("", "text/plain")).toEqual({ reason: "EMPTY" });
  });
});

describe("drawing text out in a thread of its own", () => {
  it("gives what it gives elsewhere", async () => {
    expect(await extractInThread(pdfOf("in a thread"), "application/pdf")).toEqual({ text: "in a thread" });
  });

  it("ends what takes too long", async () => {
    expect(await extractInThread(pdfOf("late"), "application/pdf", 0)).toEqual({ reason: "TOO_SLOW" });
  });
});

describe("a search for words", () => {
  const text = "Patient has Diabète type 2.\nNo chest pain. Diabetes controlled.";

  it("finds all of them in any case, with or without accents, and shows where", () => {
    const found = findWords(text, wordsOf("diabete CHEST"));
    expect(found?.count).toBe(3);
    expect(found?.excerpts.map(({ text: around, at, length }) => around.slice(at, at + length))).toEqual(["Diabète", "chest", "Diabete"]);
  });

  it("takes what is between quotes as one", () => {
    expect(findWords(text, wordsOf('"chest pain"'))?.count).toBe(1);
    expect(findWords(text, wordsOf('"pain chest"'))).toBeUndefined();
  });

  it("finds nothing when one is missing, or none is asked for", () => {
    expect(findWords(text, wordsOf("chest fracture"))).toBeUndefined();
    expect(findWords(text, wordsOf("  "))).toBeUndefined();
  });
});
