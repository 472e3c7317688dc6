import { startBillingServer } from "#src/destinations/stand-in/server.http.ts";

/** The FHIR server of the delivery bench, a process of its own: says its address on the first line. */
const server = await startBillingServer({ host: "127.0.0.1", port: 0 });
// The first request reads the definitions: not while the clock runs.
await fetch(`${server.url}/Claim/none`);
process.stdout.write(`${server.url}\n`);
process.once("SIGTERM", () => void server.close().then(() => process.exit(0)));
