import type { Feed } from "#src/config/feed.ts";
import type { Header } from "#src/hl7v2/header.ts";

/** HL7 table 0155: when an answer is wanted. */
export type AnswerCondition = "AL" | "NE" | "ER" | "SU";

/** Which answers one message gets (v2.5.1 ch. 2.9.2 and 2.9.3). */
export type Choreography =
  /** Exactly one answer, AA, AE or AR: after the commit, or after the message has taken effect. */
  | { readonly mode: "original"; readonly after: "commit" | "fold" }
  /** CA, CE or CR after the commit, and AA, AE or AR after the fold, each under its condition. */
  | { readonly mode: "enhanced"; readonly accept: AnswerCondition; readonly application: AnswerCondition };

/** An empty condition beside a valued one is NE; one we cannot read is taken as AL, for an answer too many does less harm. */
function conditionOf(field: string): AnswerCondition {
  const value = field.trim().toUpperCase();
  if (value === "") return "NE";
  return value === "NE" || value === "ER" || value === "SU" ? value : "AL";
}

/** Decided for each message from MSH-15 and MSH-16, unless the feed says otherwise. */
export function choreographyOf(header: Header, { ackMode }: Pick<Feed, "ackMode">): Choreography {
  const [accept = "", application = ""] = [header.fields[15], header.fields[16]];
  switch (ackMode) {
    case "original":
    case "on-receipt":
      return { mode: "original", after: "commit" };
    case "on-applied":
      return { mode: "original", after: "fold" };
    case "enhanced":
      return { mode: "enhanced", accept: accept.trim() === "" ? "AL" : conditionOf(accept), application: conditionOf(application) };
    case "by-message":
      return accept.trim() === "" && application.trim() === ""
        ? { mode: "original", after: "commit" }
        : { mode: "enhanced", accept: conditionOf(accept), application: conditionOf(application) };
  }
}

/** Whether an answer under this condition is wanted for a success or a failure. */
export const isWanted = (condition: AnswerCondition, success: boolean): boolean =>
  condition === "AL" || (success ? condition === "SU" : condition === "ER");
