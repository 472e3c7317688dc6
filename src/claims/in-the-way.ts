import { CITE, hard } from "#src/coding/findings.ts";
import type { Finding } from "#src/coding/submission.ts";

/** Something that keeps a claim from being made, and what to do. */
export const inTheWay = (rule: string, place: string, message: string, fix: string, citation: string = CITE.transaction): Finding =>
  hard(rule, place, [message, fix], citation);
