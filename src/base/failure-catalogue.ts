import type { FailureCode } from "./failures.ts";

/** What a person does about a code. */
export interface Explanation {
  /** What usually brings it about. */
  readonly cause: string;
  /** How it looks; synthetic. */
  readonly example: string;
  /** Whom to ask for what, or what to do here. */
  readonly ask: string;
}

/** Shown by `chartbridge explain`, and the source of docs/error-codes.md. */
export const EXPLANATIONS: Readonly<Record<FailureCode, Explanation>> = {
  MESSAGE_UNREADABLE: {
    cause: "The frame does not begin with MSH, or two of the delimiters in MSH-1 and MSH-2 are the same, letters or digits.",
    example: "MSH|^^\\&|EHR|…",
    ask: "Ask the sender for the first 20 bytes of what it sends; there is nothing to answer with, so it sees a time-out.",
  },
  MESSAGE_NOT_SUPPORTED: {
    cause: "MSH-9.1 is no message type of HL7, or no map here handles it.",
    example: "MSH|^~\\&|EHR|N|||20260101||QQQ^Q01|…",
    ask: "Ask the sender to route only encounter messages (ADT, DFT, BAR, MDM, ORU, ORM, SIU, RAS) to this feed.",
  },
  EVENT_NOT_SUPPORTED: {
    cause: "MSH-9.2 is no event that HL7 defines for the type; often a local event without the letter Z.",
    example: "ADT^A99",
    ask: "Ask the sender which event is meant; local events start with Z.",
  },
  REQUIRED_FIELD_MISSING: {
    cause:
      "MSH-9 or MSH-10 is empty, or PID-3 has no number. As a warning: a field that R4 or billing needs is empty (PV1-2, IN1-3, FT1-6).",
    example: "…||ADT^A01||P|2.5.1",
    ask: "Ask the sender to number its messages (MSH-10): without it no answer can be matched.",
  },
  SEGMENT_MISSING: {
    cause: "PID in ADT, DFT, BAR or MDM; FT1 in DFT; TXA in MDM; OBR in ORU; SCH in SIU. Or there is nothing but MSH.",
    example: "a DFT^P03 of MSH, EVN and PID only",
    ask: "Ask the sender for the message as its own log has it; a filter on its side may drop segments.",
  },
  SEGMENT_REPEATED: {
    cause:
      "Two messages were put into one frame; a batch sent as one frame does this too. As a warning: a second PID or PV1 where the message has one, which is not read.",
    example: "<VT>MSH…PID…MSH…PID…<FS><CR>",
    ask: "Ask the sender for one message a frame, or give us the batch as a file.",
  },
  MESSAGE_TRUNCATED: {
    cause: "The message ends within a segment's name: it was cut by a length limit on the way.",
    example: "…PID|1||77<CR>PV<FS><CR>",
    ask: "Ask the sender and whoever relays for a limit on message length.",
  },
  SENDER_NOT_EXPECTED: {
    cause: "MSH-3 or MSH-4 is not on the feed's list: a test system points here, or two feeds are swapped.",
    example: "expect.sendingFacility: [NORTH] and MSH-4 SOUTH",
    ask: "Check which port the sender was given; add the name to `expect` when it is right.",
  },
  RECEIVER_NOT_OURS: {
    cause: "MSH-5 or MSH-6 names somebody else.",
    example: "expect.receivingApplication: [CHARTBRIDGE] and MSH-5 LAB",
    ask: "Ask the sender whom it meant to reach; add the name to `expect` when it is us.",
  },
  PROCESSING_ID_NOT_ACCEPTED: {
    cause: "MSH-11 is T or D on a feed that takes production messages only, or the reverse.",
    example: "…|T|2.5.1 on a feed with processingIds: [P]",
    ask: "Ask whether a test system is pointed at production; a feed for tests has a port of its own.",
  },
  VERSION_NOT_SUPPORTED: {
    cause: "MSH-12 is no 2.x version, or not one of the feed's list.",
    example: "…|P|3.0",
    ask: "Ask the sender for its interface's version.",
  },
  CHARSET_NOT_SUPPORTED: {
    cause: "MSH-18 is no name of HL7 table 0211, or MSH-20 asks to switch sets within a field.",
    example: "MSH-18 WINDOWS-1252",
    ask: "Ask the sender to write UNICODE UTF-8, or which set it really sends: then `charset` of the feed can say it.",
  },
  FRAME_TOO_LARGE: {
    cause: "The message is larger than `maxFrameBytes`; embedded documents are the usual reason.",
    example: "an MDM with a scanned PDF of 30 MB",
    ask: "Raise the feed's limit, or ask for references to documents in place of them.",
  },
  FRAME_EMPTY: {
    cause: "A start byte, an end byte, and nothing between: some senders test a connection so.",
    example: "<VT><FS><CR>",
    ask: "Nothing, if it is a keep-alive; `framing.empty: ignore` does not answer it.",
  },
  FRAME_UNTERMINATED: {
    cause: "The end byte 1C has no carriage return after it, and the feed is strict.",
    example: "<VT>MSH…<FS><VT>MSH…",
    ask: "Ask the sender to end frames with 1C 0D, or set `framing.unterminated: accept`.",
  },
  FRAME_MALFORMED: {
    cause: "A start byte came while a frame was open: its end was lost. The two are never joined.",
    example: "<VT>MSH…A<VT>MSH…B<FS><CR>",
    ask: "The first message has no answer, so its sender should send it again; ask for its log if it does not.",
  },
  FRAME_INCOMPLETE: {
    cause: "A frame was begun, and then the connection ended or nothing came for `frameTimeoutMs`.",
    example: "<VT>MSH|^~\\&|EHR…",
    ask: "The message has no answer, so its sender should send it again. Often a firewall that ends connections.",
  },
  UNFRAMED: {
    cause: "Bytes came outside of any frame: the sender does not speak MLLP, or another protocol reached this port.",
    example: "MSH|^~\\&|… without 0B before it",
    ask: "Ask the sender to switch MLLP on; `framing.unframed: accept` tolerates text that starts with MSH.",
  },
  TLS_ON_PLAIN_PORT: {
    cause: "The peer began a TLS handshake, and the feed has no `tls`.",
    example: "16 03 01 …",
    ask: "Agree on TLS or not; `mllp.tls` of the feed switches it on.",
  },
  PLAIN_ON_TLS_PORT: {
    cause: "The peer sent plain MLLP to a port that wants TLS. What it sent crossed the network in clear.",
    example: "<VT>MSH…",
    ask: "Ask the sender to switch TLS on, and treat what it sent as disclosed on that network.",
  },
  PEER_NOT_ALLOWED: {
    cause: "The address is not on the feed's `allow` list, or the certificate's name not among its `subjects`.",
    example: "allow: [10.1.0.0/16] and a peer 10.2.0.7",
    ask: "Ask for the sender's real address: a NAT or a load balancer may show another.",
  },
  ACKNOWLEDGEMENT_RECEIVED: {
    cause: "The peer sent an ACK to a port for messages. It is kept and never answered.",
    example: "MSH|…||ACK^A01|… MSA|AA|9",
    ask: "Ask the sender why it acknowledges here: its connection may have both directions on one port.",
  },
  BATCH_COUNT_WRONG: {
    cause: "BTS-1 or FTS-1 states another number than the file holds: it was cut, or counted wrongly.",
    example: "BTS|5 behind four messages",
    ask: "Ask the sender for the file as it left; what is there was taken.",
  },
  BATCH_UNFINISHED: {
    cause: "A batch or file header has no trailer: the file may have been taken before it was written to its end.",
    example: "BHS…MSH…MSH… and no BTS",
    ask: "Ask the sender to write under another name and rename when done, or raise `files.settleMs`.",
  },
  FILE_TAKEN_BEFORE: {
    cause: "A file with the same bytes was taken from this feed before.",
    example: "the same export copied twice",
    ask: "Nothing; `chartbridge ingest --again` takes it all the same, and the messages come out as repetitions.",
  },
  CONTROL_ID_REUSED: {
    cause: "MSH-10 was used before, within the feed's window, for other content.",
    example: "two ADT^A08 with MSH-10 1001 and different PV1",
    ask: "Ask the sender how it numbers; a counter that starts anew each day needs a shorter `duplicates.windowHours`.",
  },
  EVENT_NOT_USED: {
    cause: "HL7 defines the event, and the feed's `types` do not name it: accepted, kept and not charted.",
    example: "ADT^A60 with types: [ADT^A01, ADT^A08]",
    ask: "Nothing, or add the event to `types`.",
  },
  TEST_MESSAGE: {
    cause: "MSH-11 is T or D: accepted where the feed allows it, and never charted.",
    example: "…|T|2.5.1",
    ask: "Nothing.",
  },
  ARCHIVED_MESSAGE: {
    cause: "MSH-11.2 is A: the message comes from an archive.",
    example: "…|P^A|2.5.1",
    ask: "Ask the sender to send history as current messages to a feed whose life is `backload`.",
  },
  FEED_IN_TEST: {
    cause: "The feed's life is `test`: everything is answered and kept, nothing charted.",
    example: "life: test",
    ask: "Change the feed's life when its sender is ready.",
  },
  VALUE_NOT_VALID: {
    cause:
      "A field's value does not have the form of its data type: a date with month 13, a number with letters; or it contradicts another: two IN1 of one priority.",
    example: "PID-7 20261301",
    ask: "Ask the sender to correct the record; the rest of the message is used.",
  },
  CODE_UNMAPPED: {
    cause: "A code is not in the table its map uses.",
    example: "PV1-2 Q",
    ask: "Ask the sender what the code means and add it to the site's table in mappings/sites.",
  },
  MAP_ERROR: {
    cause: "A map gave a resource that is not valid FHIR.",
    example: "an Encounter without status",
    ask: "Look at `chartbridge map FILE --explain` for the row at fault; then `chartbridge retry`.",
  },
  MAP_NOT_VALID: {
    cause: "A file of maps has a fault, so that the maps were not taken; those of before still count.",
    example: "a site's row that names an element R4 does not have",
    ask: "`chartbridge check` names every fault with its file and line.",
  },
  ACCOUNT_UNKNOWN: {
    cause: "The message names no account: PID-18 and PV1-19 are empty.",
    example: "PID|1||77^^^NORTH and PV1|1|I without a visit number",
    ask: "Ask the sender where its account number is; `identity.account` of the feed says where we look.",
  },
  FOLD_ERROR: {
    cause: "The message could not be applied to its chart, or waits behind one that could not.",
    example: "the second message of an account whose first failed",
    ask: "Repair the first one and run `chartbridge retry`, or give it up with `chartbridge skip`.",
  },
  NOT_FOUND: { cause: "The id is of nothing here.", example: "GET /api/messages/…", ask: "Check the id." },
  NOTHING_READY: {
    cause: "Every item of the queues is on hold, leased or done.",
    example: "POST /api/work-items/next",
    ask: "Ask again later.",
  },
  LEASE_LOST: {
    cause: "The lease ran out, or somebody released the item.",
    example: "codes sent after the coffee break",
    ask: "Open the item again; the draft is kept.",
  },
  SNAPSHOT_STALE: {
    cause: "A message changed the chart after the item was opened.",
    example: "a late charge",
    ask: "Look at the difference that comes with the answer, and submit again.",
  },
  FINDINGS_OPEN: {
    cause: "A hard edit stops the claim, or a soft one has no reason beside the codes.",
    example: "a missing present-on-admission indicator",
    ask: "Follow the finding's fix; for a soft one, or give the reason in overrides.",
  },
  TRANSITION_NOT_ALLOWED: {
    cause: "The item's state does not allow the action.",
    example: "coding a cancelled visit",
    ask: "Look at the item's history.",
  },
  REVISION_STALE: {
    cause: "Another person or message changed the item, question or proposal after it was read.",
    example: "two supervisors move one item",
    ask: "Read it again; the answer names the revision it has now.",
  },
  HOLD_NOT_YOURS: {
    cause: "The engine put the hold and lifts it itself, or only a supervisor may.",
    example: "a coder lifts DOC-DS",
    ask: "See docs/work-items.md for what clears each hold.",
  },
  QUERY_NOT_COMPLIANT: {
    cause: "The question breaks a rule of compliant query practice (AHIMA-ACDIS 2022).",
    example: "a title that states the diagnosis",
    ask: "Each finding names its rule and its place.",
  },
  REQUEST_INVALID: {
    cause: "The request does not have the form of its route, or its query has a parameter that the list does not take.",
    example: "JSON that ends too early; GET /api/work-items?sate=READY",
    ask: "See the README's API section.",
  },
  METHOD_NOT_ALLOWED: {
    cause: "The path is there, and is for other methods.",
    example: "PUT /api/work-items/…",
    ask: "See the header Allow of the answer.",
  },
  BODY_TOO_LARGE: {
    cause: "The body of a request is larger than the API takes, whatever the feed allows.",
    example: "POST /hl7v2/NORTH with a document of 12 MiB",
    ask: "Send it over MLLP or as a file; a feed's own limit is `maxFrameBytes`.",
  },
  RESOURCE_INVALID: {
    cause: "The resource breaks a rule of FHIR R4.",
    example: "a status that is no code",
    ask: "The OperationOutcome names the element.",
  },
  NOT_SIGNED_IN: { cause: "There is no valid token.", example: "no Authorization header", ask: "Run `chartbridge sign-in`." },
  NOT_ALLOWED: {
    cause: "No role of the caller may use the route.",
    example: "a coder reading the books",
    ask: "Ask an administrator for the role.",
  },
  NOT_IMPLEMENTED: { cause: "The interaction is none of ours.", example: "PATCH", ask: "See /fhir/R4/metadata." },
  CLAIM_NOT_VALID: {
    cause: "What is coded and charted would not make a valid claim.",
    example: "no billing provider",
    ask: "The findings name the element and where it comes from.",
  },
  STORE_DOWN: {
    cause: "The journal cannot be written: Postgres is down, its disk full, or it cannot be reached.",
    example: "onStoreDown: AR207",
    ask: "Look at `chartbridge doctor`. Senders keep what was not accepted and send it again.",
  },
  PEER_UNAVAILABLE: {
    cause: "No connection to the destination, or it answers 503.",
    example: "connection refused",
    ask: "It is tried again by itself; look at its address when it lasts.",
  },
  PEER_THROTTLED: { cause: "The destination asks to wait (429).", example: "Retry-After: 30", ask: "It is tried again by itself." },
  PEER_CONFLICT: {
    cause: "The resource has another version than the one read (409, or 412 to If-Match).",
    example: "two people at one Task",
    ask: "It is read and written again by itself.",
  },
  PEER_NO_ANSWER: {
    cause: "The destination did not answer in time, or the connection broke; it may have stored the claim.",
    example: "a time-out after 15 s",
    ask: "We look before we send again. Where the destination cannot be asked, look there: then deliveries confirm, or deliveries retry.",
  },
  PEER_FAILED: {
    cause: "The destination answered 500 or 502; it may have stored the claim before.",
    example: "500 with a stack trace",
    ask: "As after no answer; its administrator can say what failed.",
  },
  PEER_REFUSED: {
    cause: "The destination says that the claim is wrong: 4xx with an OperationOutcome, AE or AR in MSA-1, fatal-error.",
    example: "422 with an OperationOutcome",
    ask: "The ledger shows its answer by element: chartbridge deliveries show CLAIM. Mend it, then chartbridge deliveries retry CLAIM.",
  },
  PEER_FORBIDS: {
    cause: "Our credentials are not taken, or may not write there. Nothing more is sent until a probe gets through.",
    example: "403",
    ask: "Ask its administrator for the scope system/Claim.c.",
  },
  PEER_HAS_SEVERAL: {
    cause: "The destination holds several with our identifier (412).",
    example: "two Claims of one number",
    ask: "Ask its administrator to remove one.",
  },
  PEER_LACKS_TARGET: {
    cause: "With references: logical, a look-up of the patient, the encounter or another resource found nothing.",
    example: "no Patient with the identifier of Claim.patient",
    ask: "Have it made there, or choose references: auto, which contains what is not there.",
  },
  PEER_NOT_OFFERED: {
    cause: "The CapabilityStatement lacks what the strategy needs, or the server answers 405 or 501.",
    example: "strategy: claim and a server without create of Claim",
    ask: "Choose another strategy for the destination; docs/destinations.md has them.",
  },
  STRATEGY_UNFIT: {
    cause: "A replacement or void for charge-items, which have no versions; a claim that lacks what the HL7 message must have.",
    example: "frequency 7 to ChargeItem/$create",
    ask: "Do it by hand there, then say so: chartbridge deliveries confirm CLAIM.",
  },
  PEER_MISCONFIGURED: {
    cause: "A redirect, a web page, or no CapabilityStatement where the FHIR server should be.",
    example: "200 with text/html of a proxy's sign-in page",
    ask: "Check the destination's url, and the proxy before it.",
  },
};
