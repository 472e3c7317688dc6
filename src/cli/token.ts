import { type Command, InvalidArgumentError } from "commander";
import { createTokens } from "#src/api/auth/tokens.pg.ts";
import { type Role, ROLES } from "#src/api/route.ts";
import { openPool } from "#src/database/pool.pg.ts";
import { runningEngine } from "./installation.ts";

function readRole(text: string, before: readonly Role[] = []): readonly Role[] {
  const role = ROLES.find((one) => one === text);
  if (role === undefined) throw new InvalidArgumentError(`is one of ${ROLES.join(", ")}`);
  return [...before, role];
}

function readDays(text: string): number {
  const days = Number(text);
  if (!Number.isInteger(days) || days < 1 || days > 3_650) throw new InvalidArgumentError("is a whole number of days from 1 to 3650");
  return days;
}

/** `token`: the credentials of a machine. */
export function registerToken(program: Command): void {
  program
    .command("token <name>")
    .description("make a bearer token for a machine and print it once; a sender over HTTP is named as its feed and has the role source")
    .requiredOption("--role <role>", `${ROLES.join(", ")}; may be given more than once`, readRole)
    .option("--days <n>", "how long it is good", readDays, 365)
    .option("--data-dir <dir>")
    .action(async (name: string, { role, days, dataDir }: { role: readonly Role[]; days: number; dataDir?: string }) => {
      const pool = openPool(runningEngine(dataDir).databaseUrl, { max: 1, name: "token" }, () => undefined);
      try {
        process.stdout.write(`${await createTokens(pool).machineToken(name, role, days)}\n`);
      } finally {
        await pool.end();
      }
    });
}
