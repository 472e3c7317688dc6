#!/usr/bin/env node
// A small encoder: reads the notes of items that wait for coding and suggests codes for words it knows, with the words as evidence.
// node examples/encoder/encoder.mjs http://127.0.0.1:8480 TOKEN
const [base, token] = process.argv.slice(2);
const WORDS = [
  ["acute respiratory failure with hypoxia", "J96.01"],
  ["pneumonia, unspecified organism", "J18.9"],
  ["essential (primary) hypertension", "I10"],
  ["dehydration", "E86.0"],
];
const AROUND = 40;

async function call(method, path, body) {
  const response = await fetch(`${base}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}`);
  return response.json();
}

function suggestionsFor(chart) {
  return chart.resources
    .filter(({ resourceType }) => resourceType === "DocumentReference")
    .flatMap((document) => {
      const data = document.content.find(({ attachment }) => attachment.contentType?.startsWith("text/"))?.attachment.data;
      const text = data === undefined ? "" : Buffer.from(data, "base64").toString("utf8");
      return WORDS.flatMap(([words, code]) => {
        const start = text.toLowerCase().indexOf(words);
        if (start < 0) return [];
        const end = start + words.length;
        const evidence = {
          kind: "document",
          documentId: document.id,
          start,
          end,
          quote: text.slice(start, end),
          before: text.slice(Math.max(0, start - AROUND), start),
          after: text.slice(end, end + AROUND),
        };
        return [{ kind: "diagnosis", code, why: "documented in these words", evidence }];
      });
    });
}

const { items } = await call("GET", "/api/encoder/items");
for (const { id } of items) {
  const { chart, chartVersion } = await call("GET", `/api/encoder/items/${id}`);
  const suggestions = suggestionsFor(chart);
  if (suggestions.length === 0) continue;
  await call("POST", `/api/encoder/items/${id}/suggestions`, { chartVersion, suggestions });
  process.stdout.write(`${id}: ${suggestions.map(({ code }) => code).join(", ")}\n`);
}
const { results } = await call("GET", "/api/encoder/results");
for (const { itemId, version, suggestions } of results)
  process.stdout.write(`${itemId} version ${version}: ${suggestions.map(({ code, taken }) => `${code} ${taken ? "taken" : "not taken"}`).join(", ")}\n`);
