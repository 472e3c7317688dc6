import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { makeFeed } from "#src/config/feed.ts";
import { readMapFiles } from "#src/config/map-files.ts";
import { acknowledgementPage } from "./docs/acknowledgement-page.ts";
import { claimAnswersPage } from "./docs/claim-answers-page.ts";
import { claimElementsPage } from "./docs/claim-elements-page.ts";
import { claimReadinessPage } from "./docs/claim-readiness-page.ts";
import { connectPage } from "./docs/connect-page.ts";
import { destinationsPage } from "./docs/destinations-page.ts";
import { editsPage } from "./docs/edits-page.ts";
import { errorPage, explainCode } from "./docs/error-page.ts";
import { fieldNames } from "./docs/field-names.ts";
import { feedPage } from "./docs/feed-page.ts";
import { mapLanguagePage } from "./docs/map-language-page.ts";
import { mappingPage } from "./docs/mapping-page.ts";
import { workItemsPage } from "./docs/work-items-page.ts";
import { configOf } from "./installation-config.ts";
import { CommandFault } from "./installation.ts";

const HOME = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

/** Names of segments and fields, for the message page. */
export const FIELD_NAMES = join(HOME, "src", "api", "messages", "field-names.json");

/** The generated pages of docs/, by file name. */
export const generatedPages = (): Readonly<Record<string, string>> => ({
  "acknowledgement.md": acknowledgementPage(),
  "claim-answers.md": claimAnswersPage(),
  "claim-elements.md": claimElementsPage(),
  "claim-readiness.md": claimReadinessPage(),
  "connect-your-ehr.md": connectPage(
    makeFeed("north-adt", { facility: "NORTH", zone: "America/Chicago", mllp: { host: "interfaces.example", port: 2575 }, http: true }),
    readMapFiles(join(HOME, "mappings")),
  ),
  "destinations.md": destinationsPage(),
  "edits.md": editsPage(),
  "error-codes.md": errorPage(),
  "feeds.md": feedPage(),
  "map-language.md": mapLanguagePage(),
  "mapping.md": mappingPage(readMapFiles(join(HOME, "mappings"))),
  "work-items.md": workItemsPage(),
});

/** `explain`, `connect-page`, `docs`: what the engine says of itself, from its own tables. */
export function registerDocs(program: Command): void {
  program
    .command("explain <code>")
    .description("what one of our error codes means, what brings it about, and what to ask the sender")
    .action((code: string) => {
      const text = explainCode(code.toUpperCase().replaceAll("-", "_"));
      if (text === undefined) throw new CommandFault(`there is no code ${code}; docs/error-codes.md has them all`);
      process.stdout.write(text);
    });
  program
    .command("connect-page <feed>")
    .description("the page to forward to a feed's sender: address, answers, fields read, tests")
    .option("--config <file>", "chartbridge.yaml", "chartbridge.yaml")
    .action((name: string, { config: path }: { config: string }) => {
      const config = configOf(".chartbridge/main", path);
      if (!("feeds" in config)) throw new CommandFault(config.join("\n"));
      const feed = config.feeds.find((one) => one.name === name);
      if (feed === undefined)
        throw new CommandFault(`there is no feed ${name}; there are: ${config.feeds.map((one) => one.name).join(", ")}`);
      process.stdout.write(connectPage(feed, readMapFiles(config.mappingsDir, config.siteMapsDir)));
    });
  program
    .command("docs")
    .description("write the pages of docs/ that are made from the engine's tables")
    .option("--check", "write nothing; end with 1 when a page is not what it would be")
    .action(async ({ check }: { check?: boolean }) => {
      const { dictionaries } = await import("hl7v2-dictionary");
      if (check !== true) writeFileSync(FIELD_NAMES, fieldNames(dictionaries));
      const folder = join(HOME, "docs");
      mkdirSync(folder, { recursive: true });
      for (const [name, text] of Object.entries(generatedPages())) {
        if (check !== true) writeFileSync(join(folder, name), text);
        else if (readFileSync(join(folder, name), "utf8") !== text)
          throw new CommandFault(`docs/${name} is out of date; run: npm run docs`);
      }
    });
}
