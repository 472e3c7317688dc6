import { z } from "zod";
import { feedSettings } from "#src/config/feed.ts";
import { rowsOf, type Schema } from "./setting-rows.ts";

/** docs/feeds.md: every setting of a feed, from the schema that reads it. */
export function feedPage(): string {
  const schema = z.toJSONSchema(feedSettings, { io: "input", unrepresentable: "any" }) as Schema;
  return `# Feeds

A feed is one connection to a sender, in \`chartbridge.yaml\` under \`feeds\`. \`chartbridge check\` says what is wrong in it, with file and line.
Made by \`chartbridge docs\` from the schema that reads the file.

\`\`\`yaml
feeds:
  north-adt:
    facility: NORTH
    zone: America/Chicago
    mllp: { host: 0.0.0.0, port: 2575, allow: [10.1.0.0/16] }
    expect: { sendingFacility: [NORTH] }
\`\`\`

| setting | form | when absent | meaning |
| --- | --- | --- | --- |
${rowsOf(schema, "").join("\n")}
`;
}
