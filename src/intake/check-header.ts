import type { Failure } from "#src/base/failures.ts";
import type { Feed } from "#src/config/types.ts";
import { isKnownCharset } from "#src/hl7v2/charsets.ts";
import { firstSegment, type Header } from "#src/hl7v2/header.ts";

/** What a refusal says and how: AR for type, version and processing id, AE for content (v2.5.1 ch. 2.9.2.2). */
export interface Refusal {
  readonly code: "AE" | "AR";
  readonly failure: Failure;
}

/** Message types of HL7 v2.1 to v2.8.2 as far as any EHR sends them; an unknown one is refused, one without a map is filtered. */
const KNOWN_TYPES = new Set(
  "ADT BAR DFT MDM ORU ORM OMG OML OMN OMP OMS OMD OUL ORL ORR ORP RDE RDS RAS RGV RRE RRD RRA SIU SRM SRR VXU VXQ VXR VXX MFN MFK MFQ PPR PPG PGL PTR REF RRI RQI RPI QBP RSP QRY QCK EHC PEX SSU SSR UDM CRM CSU BPS BRP BTS BRT ESU INU TCU EAC EAN EAR EHC DSR DSP EDR ERP OSQ OSR NMD NMQ NMR PMU ROR RCI RCL RDR RER RGR RAR RPL RPR STC SUR TBR LRN LSU LSR NMQ ORA ORB ORD ORG ORI ORN ORS OPL OPR OPU OSM CCF CCI CCM CCQ CCR CCU CQU CRM PIN QCN QRF QSB QSX QVR RTB SDR SDS SLN SLR STI STS TBR VTQ".split(
    " ",
  ),
);

const PATIENT_TYPES = new Set(["ADT", "DFT", "BAR", "MDM"]);
/** Without these the message can mean nothing. */
const NEEDED: Readonly<Record<string, readonly string[]>> = { DFT: ["FT1"], MDM: ["TXA"], ORU: ["OBR"], SIU: ["SCH"] };

const ar = (failure: Failure): Refusal => ({ code: "AR", failure });
const ae = (failure: Failure): Refusal => ({ code: "AE", failure });

/**
 * Checks what must be known before a message may be accepted; everything else is found by the map and is work for people.
 * @returns undefined when the message may be accepted.
 */
export function checkHeader(bytes: Buffer, header: Header, feed: Feed): Refusal | undefined {
  if (header.controlId.trim() === "") return ar({ code: "REQUIRED_FIELD_MISSING", place: "MSH-10" });
  const [type = "", event] = header.messageType.split("^");
  if (type === "") return ar({ code: "REQUIRED_FIELD_MISSING", place: "MSH-9" });
  const isZ = type.startsWith("Z");
  if (!KNOWN_TYPES.has(type) && !isZ) return ar({ code: "MESSAGE_NOT_SUPPORTED", place: "MSH-9" });
  if (header.version !== "" && !/^2\.\d{1,2}(\.\d{1,2})?$/.test(header.version))
    return ar({ code: "VERSION_NOT_SUPPORTED", place: "MSH-12" });
  if (header.processingId !== "" && !feed.processingIds.includes(header.processingId))
    return ar({ code: "PROCESSING_ID_NOT_ACCEPTED", place: "MSH-11" });
  if (!header.charsets.every(isKnownCharset)) return ae({ code: "CHARSET_NOT_SUPPORTED", place: "MSH-18" });
  // A message without an event is old or a query; the map decides.
  if (event === undefined) return undefined;
  const needed = [...(PATIENT_TYPES.has(type) ? ["PID"] : []), ...(NEEDED[type] ?? [])];
  const missing = needed.find((name) => firstSegment(bytes, header, name) === undefined);
  return missing === undefined ? undefined : ae({ code: "SEGMENT_MISSING", place: missing });
}
