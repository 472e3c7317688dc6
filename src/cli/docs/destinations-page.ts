import { z } from "zod";
import { FAILURES, type FailureCode } from "#src/base/failures.ts";
import { authKinds, destinationKinds } from "#src/config/destination.ts";
import { classifyStatus, isOfThePeer } from "#src/destinations/classify.ts";
import { rowsOf, type Schema } from "./setting-rows.ts";

const schemaOf = (type: z.ZodType): Schema => z.toJSONSchema(type, { io: "input", unrepresentable: "any" }) as Schema;
const HEAD = "| setting | form | when absent | meaning |\n| --- | --- | --- | --- |";
const table = (type: z.ZodType): string => `${HEAD}\n${rowsOf(schemaOf(type), "").join("\n")}`;

/** What is done about each class of failure. */
const DONE: Readonly<Record<string, string>> = {
  transient: "tried again, later each time",
  ambiguous: "looked up first, or left to a person, as the guard says",
  permanent: "waits for a person",
};
const doneAbout = (code: FailureCode): string =>
  isOfThePeer(code) ? "the breaker; the claim is kept and tried again, and that is no try of it" : (DONE[FAILURES[code].class] ?? "");
const STATUSES = [302, 400, 401, 403, 404, 405, 408, 409, 412, 422, 429, 500, 501, 502, 503, 504];

/** docs/destinations.md: every setting of a destination, from the schemas that read them, and what each answer means. */
export const destinationsPage = (): string => `# Destinations

Where claims go, in \`chartbridge.yaml\` under \`destinations\`. \`chartbridge check\` says what is wrong in it, with file and line. Secrets are named
(\`\${NAME}\` of the environment, \`file:PATH\`), never written down; they go over https only, except to this machine. Made by \`chartbridge docs\`.

\`\`\`yaml
destinations:
  billing:                              # a FHIR server; everything else is chosen by its CapabilityStatement
    url: https://billing.example/fhir/R4
    auth: { kind: private-key-jwt, clientId: chartbridge, keys: ["file:secrets/billing.pem"], scope: system/Claim.cruds system/ClaimResponse.rs }
    answers: { poll: { everySeconds: 300 } }  # ask it for its answers; without this it brings them
  ehr-charges:                          # charges by operation, for the EHR's own patients and visits
    url: https://ehr.example/r4
    auth: { kind: client-secret, clientId: chartbridge, clientSecret: "\${EHR_SECRET}", scope: system/ChargeItem.write }
    strategy: charge-items
    perSecond: 5
  ehr-codes:                            # codes of the visit by HL7 v2
    kind: mllp
    host: interfaces.example
    port: 6661
    message: BAR^P12
    zone: America/Chicago
  archive: { kind: files, folder: out } # one NDJSON file a claim
\`\`\`

## FHIR servers (\`kind: fhir\`, or no kind)

${table(destinationKinds.fhir)}

\`auth\` by kind:

${authKinds.map((kind) => table(kind)).join("\n\n")}

Tokens are renewed at four fifths of their life, and once when the server answers 401 before. Our public keys are at
\`/.well-known/jwks.json\`, to be fetched by the server; a new key is put first and the old one kept behind it until nobody has it cached.
\`openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384\` makes one.

| strategy | what is sent | what guards against a second one |
| --- | --- | --- |
| \`transaction\` | one transaction Bundle; what the claim refers to is created conditionally along with it, or referred to by condition, or contained | conditional create, else a look-up by the claim's number |
| \`claim\` | \`POST Claim\`, its references by the server's own ids where a look-up finds them, else contained | conditional create, else a look-up |
| \`process-message\` | a message Bundle with ids that are the same at each try | a look-up, else \`guard: receiver\` or a person |
| \`charge-items\` | \`ChargeItem/$create\` for each line; every line is a step of the ledger | a person; replacements and voids are a person's, too |
| \`task\` | the EHR's open Task of the visit, completed, with the claim's number as output | the Task itself: it is read first |

### Answers

With \`answers.poll\` the server is asked for its \`ClaimResponse\` to our claims, with the same credentials, time limit, pace and breaker as its deliveries, page by page
(\`POST ClaimResponse/_search\`, then its own \`next\` links; one that leads to another server is not followed). How far a round has come is kept in Postgres: an engine that is
started again goes on there, and what it fetches twice does nothing twice. Answers are taken as those that are brought are ([After the release](claim-answers.md)); the claim
is told by where we put it, else by our number, else by the number of the server's own copy of it. An authorisation, and an answer whose status is \`draft\`, is left.
One that is not valid FHIR R4, or that was withdrawn, is kept and holds nothing up: \`chartbridge answers unreadable\`.

| \`by\` | asked for | fits |
| --- | --- | --- |
| \`last-updated\` | \`_lastUpdated=ge…&_sort=_lastUpdated\` | a server that shows us what concerns us only: what names no claim of ours is parked for billing |
| \`request\` | \`request=Claim/1,Claim/2\` of the claims there that are not accepted | a server that we share with others |
| \`identifier\` | \`identifier=urn:chartbridge:claim\\|CB…\`, likewise | a server that got the claims as messages, and puts our number on its answers |

A search that the server does not offer or forbids (\`PEER_NOT_OFFERED\`, \`PEER_FORBIDS\`) keeps no claim from it; \`chartbridge status\` shows when answers were last fetched, and since
when they could not be. The metric is \`chartbridge_answers_fetched_total\`.

## HL7 v2 over MLLP (\`kind: mllp\`)

${table(destinationKinds.mllp)}

Messages are v2.5.1 in UTF-8. \`DFT^P03\` posts each line as one FT1: FT1-2 is the claim's number and the line, FT1-11 and 12 are the amounts of the line and of a unit. An
answer counts when its MSA-2 is our MSH-10: AA or CA confirms, AE, AR, CE or CR refuses, and anything else leaves the claim unconfirmed.

| the claim | \`DFT^P03\` | \`BAR^P12\`, \`BAR^P05\`, \`ADT^A08\` |
| --- | --- | --- |
| first, interim (2, 3, 4), late charges (5) | its lines as charges (FT1-6 CG) | the codes as they are; DG1-20 and PR1-19 are the claim's number and the place |
| replacement (7) | every line of the claim before as a credit (CD, with the FT1-2 it was posted with), then the new ones as charges | the codes as they are now |
| void (8) | every line of the claim before as a credit, and its codes as on the right | its codes with DG1-21 and PR1-20 D (delete), under the identifiers they were sent with |

The claim before is the newest one that this receiver has confirmed: one that it never got is not credited, and a void of such a claim waits for a person. The account is not
ended (\`BAR^P06\`): a void ends a bill, and the visit goes on. With \`voids: person\` a void, and a replacement by \`DFT^P03\`, waits for a person.

## Files (\`kind: files\`)

${table(destinationKinds.files)}

A file appears under its name when it is complete, and once: \`.sent\` remembers for 30 days what was put there, whoever took it out since.

## What an answer means

| answer | code | what is done |
| --- | --- | --- |
${STATUSES.map((status) => `| ${status} | \`${classifyStatus(status)}\` | ${doneAbout(classifyStatus(status))} |`).join("\n")}
| no connection | \`PEER_UNAVAILABLE\` | ${doneAbout("PEER_UNAVAILABLE")} |
| a connection, and no answer or half of one | \`PEER_NO_ANSWER\` | ${doneAbout("PEER_NO_ANSWER")} |
| a page where FHIR should be (to a question) | \`PEER_MISCONFIGURED\` | ${doneAbout("PEER_MISCONFIGURED")} |

\`Retry-After\`, else \`RateLimit\`, is kept to. A claim is tried \`attempts\` times, then a person decides. After \`breaker.failures\` failures in a row, or at once when the
server forbids or is not what it should be, nothing is sent but one probe at a time: \`chartbridge status\`, \`GET /api/destinations\` and the metric
\`chartbridge_destination_open\` show it. Claims of one account go in the order of their release; a replacement waits for its original, also while that waits for a person.
Claims of feeds that are not live go nowhere.

## What waits for a person

\`chartbridge deliveries --waiting\` lists it, \`chartbridge deliveries show CLAIM\` has every attempt: time, request, status, code, and the OperationOutcome by element. A
destination's own words may quote a patient: they are kept sealed and shown with \`--words\` only.

| what you know | command | over the API: \`POST /api/claims/{id}/deliveries/…\` |
| --- | --- | --- |
| it is mended, or it did not arrive | \`chartbridge deliveries retry CLAIM\` | \`retry\` |
| it is there | \`chartbridge deliveries confirm CLAIM --destination NAME --location Claim/123 --reason TEXT\` | \`confirm\` |
| it is not wanted there | \`chartbridge deliveries give-up CLAIM --destination NAME --reason TEXT\` | \`give-up\` |
`;
