import type { Brand } from "./brand.ts";
import type { MessageId } from "./ids.ts";

/** What the sender was told of a byte sequence. */
export type Verdict = "accepted" | "refused" | "duplicate" | "incomplete";

/** Proof that the bytes are committed. Only the journal makes one, and only with one can a message be acknowledged. */
export type Journaled = Brand<
  {
    readonly id: MessageId;
    readonly verdict: Verdict;
    /** For a repetition: the record it repeats, and when that was received. */
    readonly original?: { readonly id: MessageId; readonly receivedAt: Date };
    /** The control id was used before for other content. */
    readonly reused: boolean;
  },
  "Journaled"
>;
