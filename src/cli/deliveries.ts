import { userInfo } from "node:os";
import type { Command } from "commander";
import { describe } from "#src/base/failures.ts";
import { freshId } from "#src/base/ids.ts";
import { confirmDelivery, type DeliveryDecision, giveUpDelivery, retryDeliveries } from "#src/destinations/decide.pg.ts";
import { type DeliveryRow, listDeliveries, readDeliveries } from "#src/destinations/read-deliveries.pg.ts";
import { writeAudit } from "#src/telemetry/audit.pg.ts";
import { type Stores, withStores } from "./engine-stores.ts";
import { CommandFault } from "./installation.ts";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const SHOWN = 200;
const print = (text: string): void => void process.stdout.write(`${text}\n`);

interface Where {
  readonly dataDir?: string;
}

function asClaim(id: string): string {
  if (!UUID.test(id)) throw new CommandFault("a claim is named by its id; npx chartbridge deliveries names them");
  return id;
}

/** Runs an operator's command on deliveries, and leaves an audit event whatever comes of it. */
async function audited<T>(
  dataDir: string | undefined,
  command: string,
  claimId: string | undefined,
  work: (stores: Stores, decision: (reason: string | undefined) => DeliveryDecision) => Promise<T>,
): Promise<T> {
  return withStores(dataDir, "deliveries", async (stores) => {
    const by = `operator ${userInfo().username}`;
    const audit = (outcome: number): Promise<void> =>
      writeAudit(stores.pool, {
        actor: by,
        action: "execute",
        route: `chartbridge deliveries ${command}`,
        outcome,
        objectType: "Claim",
        ...(claimId === undefined ? {} : { objectId: claimId }),
        requestId: freshId(),
      });
    try {
      const done = await work(stores, (reason) => ({ by, reason }));
      await audit(200);
      return done;
    } catch (error) {
      await audit(error instanceof CommandFault ? 422 : 500).catch(() => undefined);
      throw error;
    }
  });
}

const lineOf = ({ claimId, destination, state, needsPerson, attempts, code, location, updatedAt }: DeliveryRow): string =>
  [
    claimId,
    destination,
    needsPerson && state !== "rejected" ? `${state}, for a person` : state,
    `${attempts} tries`,
    ...(code === null ? [] : [code]),
    ...(location === null ? [] : [location]),
    updatedAt.toISOString(),
  ].join("  ");

/** `deliveries`: what each destination has of each claim, what was tried, and what a person decides. */
export function registerDeliveries(program: Command): void {
  const deliveries = program
    .command("deliveries")
    .description("deliveries of claims: state, tries, last code; retry, confirm or give up one that waits for a person")
    .option("--destination <name>")
    .option("--state <state>", "pending, sending, confirmed, unconfirmed, rejected or given-up")
    .option("--waiting", "only those that wait for a person")
    .option("--data-dir <dir>")
    .option("--json", "as JSON")
    .action(
      async ({
        dataDir,
        destination,
        state,
        waiting,
        json,
      }: Where & { destination?: string; state?: string; waiting?: true; json?: true }) =>
        audited(dataDir, "list", undefined, async ({ pool }) => {
          const rows = await listDeliveries(pool, {
            limit: SHOWN,
            ...(destination === undefined ? {} : { destination }),
            ...(state === undefined ? {} : { state }),
            ...(waiting === undefined ? {} : { forPeople: waiting }),
          });
          if (json === true) return print(JSON.stringify(rows, null, 2));
          if (rows.length === 0) return print("no deliveries to show");
          for (const row of rows) print(lineOf(row));
          if (rows.some(({ needsPerson }) => needsPerson))
            print("Send again: deliveries retry CLAIM. Seen there: deliveries confirm CLAIM. Not wanted there: deliveries give-up CLAIM.");
        }),
    );
  deliveries
    .command("show <claim>")
    .description("everything that was tried for one claim: request, status, code, and the destination's answer by element")
    .option("--words", "with the destination's own words, which may quote the patient")
    .option("--data-dir <dir>")
    .action(async (claim: string, { dataDir, words }: Where & { words?: true }) =>
      audited(dataDir, words === true ? "show --words" : "show", asClaim(claim), async ({ pool, sealer }) => {
        const found = await readDeliveries(pool, words === true ? sealer : undefined, claim);
        if (found.deliveries.length === 0) throw new CommandFault("this claim goes to no destination, or there is none of this id");
        for (const row of found.deliveries) print(lineOf(row));
        for (const one of found.attempts) {
          const ms = one.endedAt.getTime() - one.startedAt.getTime();
          const parts = [
            one.startedAt.toISOString(),
            one.destination,
            `try ${one.attempt}`,
            one.request,
            one.status ?? "-",
            one.code ?? "well",
          ];
          print(`  ${parts.join("  ")}  ${ms} ms`);
          for (const { severity, code, expression } of one.issues)
            print(`      ${severity} ${code}${expression === undefined ? "" : ` at ${expression}`}`);
          if (one.words !== undefined) print(`      "${one.words.replaceAll("\n", "\n       ")}"`);
        }
        for (const { at, destination, decision, by } of found.decisions)
          print(`  ${at.toISOString()}  ${destination}  ${decision} by ${by}`);
      }),
    );
  deliveries
    .command("retry [claim]")
    .description(
      "send again: what was refused and is mended, or what was never answered and did not arrive; --all for every one that waits",
    )
    .option("--all", "every delivery that waits for a person")
    .option("--destination <name>", "only to this one")
    .option("--reason <text>", "kept sealed with the decision")
    .option("--data-dir <dir>")
    .action(
      async (
        claim: string | undefined,
        { dataDir, all, destination, reason }: Where & { all?: true; destination?: string; reason?: string },
      ) => {
        if ((claim === undefined) === (all !== true)) throw new CommandFault("name a claim, or say --all");
        const claimId = claim === undefined ? undefined : asClaim(claim);
        const due = await audited(dataDir, "retry", claimId, ({ pool, sealer }, decision) =>
          retryDeliveries(
            pool,
            sealer,
            { ...(claimId === undefined ? {} : { claimId }), ...(destination === undefined ? {} : { destination }) },
            decision(reason),
          ),
        );
        if (due === 0 && claim !== undefined)
          throw new CommandFault("nothing of this claim waits: it is delivered, given up or being sent");
        print(`${due} deliveries are due now`);
      },
    );
  deliveries
    .command("confirm <claim>")
    .description("you have seen the claim there: nothing more is sent")
    .requiredOption("--destination <name>")
    .option("--location <address>", "where it is there: Claim/123")
    .requiredOption("--reason <text>", "kept sealed with the decision")
    .option("--data-dir <dir>")
    .action(
      async (
        claim: string,
        { dataDir, destination, location, reason }: Where & { destination: string; location?: string; reason: string },
      ) =>
        audited(dataDir, "confirm", asClaim(claim), async ({ pool, sealer }, decision) => {
          const done = await confirmDelivery(pool, sealer, { claimId: claim, destination }, location, decision(reason));
          if (!done.ok) throw new CommandFault(describe(done.failure));
          print("confirmed; what waited behind it goes on");
        }),
    );
  deliveries
    .command("give-up <claim>")
    .description("the claim is not wanted there: nothing more is sent, and what waits behind it goes on")
    .requiredOption("--destination <name>")
    .requiredOption("--reason <text>", "kept sealed with the decision")
    .option("--data-dir <dir>")
    .action(async (claim: string, { dataDir, destination, reason }: Where & { destination: string; reason: string }) =>
      audited(dataDir, "give-up", asClaim(claim), async ({ pool, sealer }, decision) => {
        const done = await giveUpDelivery(pool, sealer, { claimId: claim, destination }, decision(reason));
        if (!done.ok) throw new CommandFault(describe(done.failure));
        print("given up; what waited behind it goes on");
      }),
    );
}
