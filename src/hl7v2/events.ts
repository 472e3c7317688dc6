/** Trigger events of HL7 v2.1 to v2.8.2 for the types with a closed list here; ranges include both ends. */
const EVENTS: ReadonlyMap<string, readonly (readonly [string, number, number])[]> = new Map(
  Object.entries({
    ADT: [["A", 1, 62]],
    BAR: [["P", 1, 12]],
    DFT: [
      ["P", 3, 3],
      ["P", 11, 11],
    ],
    MDM: [["T", 1, 11]],
    ORU: [
      ["R", 1, 1],
      ["R", 30, 32],
      ["R", 40, 42],
      ["W", 1, 1],
    ],
    ORM: [["O", 1, 2]],
    SIU: [["S", 12, 27]],
    RAS: [["O", 1, 17]],
    VXU: [["V", 4, 4]],
  }),
);

/** Message types of HL7 v2.1 to v2.8.2. */
const TYPES = new Set(
  "ADR ADT BAR BPS BRP BRT BTS CCF CCI CCM CCQ CCR CCU CQU CRM CSU DBC DBU DEL DEO DER DFT DOC DPR DRC DRG DSP DSR EAC EAN EAR EDR EHC EQQ ERP ESR ESU INR INU LRN LSR LSU MDM MFD MFK MFN MFQ MFR MIC NMD NMQ NMR OMB OMD OMG OMI OML OMN OMP OMQ OMS OPL OPR OPU ORA ORB ORD ORF ORG ORI ORL ORM ORN ORP ORR ORS ORU ORX OSF OSM OSP OSQ OSR OSU OUL PEX PGL PIN PMU PPG PPP PPR PPT PPV PRR PTR QBP QCK QCN QRF QRY QSB QSX QVR RAR RAS RCI RCL RDE RDO RDR RDS RDY REF RER RGR RGV ROR RPA RPI RPL RPR RQA RQC RQI RQP RQQ RRA RRD RRE RRG RRI RRO RSP RTB SCN SDN SDR SIU SLN SLR SMD SPQ SQM SQR SRM SRR SSR SSU STC STI STS SUR TBR TCR TCU UDM VQQ VTQ VXQ VXR VXU VXX".split(
    " ",
  ),
);

/** Whether HL7 defines the message type (MSH-9.1), or it is a site's own (`Z…`). */
export const isKnownType = (type: string): boolean => TYPES.has(type) || /^Z[A-Z0-9]{2}$/.test(type);

/** Whether HL7 may have defined the event (MSH-9.2) for a known type: a closed list for the types of encounters, the form for others. */
export function isKnownEvent(type: string, event: string): boolean {
  // Problems, goals and pathways (ch. 12) are numbered otherwise: PC1 to PC9, PCA to PCL.
  if (/^PC[1-9A-L]$/.test(event)) return !EVENTS.has(type);
  const match = /^([A-Z])(\d\d)$/.exec(event);
  if (match === null) return type.startsWith("Z") || /^Z[A-Z0-9]{2}$/.test(event);
  const ranges = EVENTS.get(type);
  const number = Number(match[2]);
  return (
    match[1] === "Z" || ranges === undefined || ranges.some(([letter, from, to]) => letter === match[1] && number >= from && number <= to)
  );
}
