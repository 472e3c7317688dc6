import { placeOf } from "../scope.ts";
import type { Gather } from "./value-type.ts";

/**
 * A number with its country (XTN.5 to XTN.8, v2.5.1 ch. 2A.89): `+1 312 5550100 X12`. Some senders write the plus themselves.
 * Without a local number there is nothing to call.
 */
const dialledNumber: Gather = (frame) => {
  const [country, area, local, extension] = [5, 6, 7, 8].map((n) => frame.value.part(n).text);
  if (local === undefined || local === "") return [];
  const parts = [country ? `+${country.replace(/^\++/, "")}` : "", area ?? "", local, extension ? `X${extension}` : ""];
  return [{ value: parts.filter((part) => part !== "").join(" "), source: `${placeOf(frame)}.7` }];
};

export const TELECOM_GATHERS: Readonly<Record<string, Gather>> = { dialledNumber };
