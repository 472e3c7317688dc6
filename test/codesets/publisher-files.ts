/** Small files in the forms of the publishers, written for these tests. Codes of CPT's form are clearly no CPT codes. */
import { deflateRawSync } from "node:zlib";

/** A line of an ICD-10 order file. */
export const orderLine = (order: number, code: string, billable: 0 | 1, title: string): string =>
  `${String(order).padStart(5, "0")} ${code.padEnd(7)} ${billable} ${title.slice(0, 60).padEnd(60)} ${title}`;

export const CM_2026 = [
  orderLine(1, "M72", 0, "Fibroblastic disorders"),
  orderLine(2, "M722", 1, "Plantar fascial fibromatosis"),
  orderLine(3, "S720", 0, "Fracture of head and neck of femur"),
  orderLine(4, "S72001A", 1, "Fracture of neck of right femur, initial encounter"),
  orderLine(5, "S72002A", 1, "Fracture of neck of left femur, initial encounter"),
  orderLine(6, "T528X1A", 1, "Toxic effect of other organic solvents, accidental, initial encounter"),
  orderLine(7, "Z68", 0, "Body mass index [BMI]"),
  orderLine(8, "Z681", 1, "Body mass index [BMI] 19.9 or less, adult"),
].join("\n");

export const CM_2027 = [
  orderLine(1, "M72", 0, "Fibroblastic disorders"),
  orderLine(2, "M722", 0, "Plantar fascial fibromatosis"),
  orderLine(3, "M7221", 1, "Plantar fascial fibromatosis, right foot"),
  orderLine(4, "M7222", 1, "Plantar fascial fibromatosis, left foot"),
  orderLine(5, "S720", 0, "Fracture of head and neck of femur"),
  orderLine(6, "S72001A", 1, "Fracture of neck of right femur, initial encounter"),
  orderLine(7, "S72002A", 1, "Fracture of neck of left femur, initial encounter"),
  orderLine(8, "Z68", 0, "Body mass index [BMI]"),
  orderLine(9, "Z681", 0, "Body mass index [BMI] 19.9 or less, adult"),
  orderLine(10, "Z6818", 1, "Body mass index [BMI] 18.4 or less, adult"),
].join("\n");

export const PCS_2026 = [
  orderLine(1, "0DT", 0, "Gastrointestinal System, Resection"),
  orderLine(2, "0DTJ4ZZ", 1, "Resection of Appendix, Percutaneous Endoscopic Approach"),
].join("\r\n");

/** A record of the HCPCS file, 320 characters. */
export function anwebLine(
  kind: "3" | "4" | "7" | "8",
  code: string,
  long: string,
  { short = "", added = "", ended = "" }: { readonly short?: string; readonly added?: string; readonly ended?: string } = {},
): string {
  const head = `${(kind === "7" || kind === "8" ? `   ${code}` : code).padEnd(5)}00100${kind}${long.padEnd(80)}${short.padEnd(28)}`;
  return `${head.padEnd(268)}${added.padEnd(8)}${added.padEnd(8)}${ended.padEnd(8)}N`.padEnd(320);
}

export const ANWEB = [
  anwebLine("3", "G0463", "Hospital outpatient clinic visit for assessment and", {
    short: "Hospital outpt clinic visit",
    added: "20140101",
  }),
  anwebLine("4", "G0463", "management of a patient"),
  anwebLine("3", "J0175", "Injection of something ended", { short: "Inj ended", added: "20240702", ended: "20250331" }),
  anwebLine("7", "JZ", "Zero drug amount discarded", { short: "Zero drug wasted", added: "20230101" }),
].join("\r\n");

export const PTP = [
  "CPT codes, descriptions and other data only are the property of their owner.\t\t\t\t\t\t",
  "Column1/Column2 Edits\t\t\t\t\t\t",
  "Column 1\tColumn 2\t*=in existence\tEffective\tDeletion\tModifier\tPTP Edit Rationale".replace(
    "Effective\tDeletion",
    "Effective Date\tDeletion Date",
  ),
  "\t\tprior to 1996\t\t*=no data\t0=not allowed\t",
  "G0001\tG0002\t\t20200101\t*\t0\tMisuse of column two code with column one code",
  "G0001\tG0003\t\t20200101\t20251231\t1\tStandards of medical / surgical practice",
].join("\n");

export const MUE = [
  '"These values are published by CMS.","","",""',
  '"HCPCS/\nCPT Code","Practitioner Services MUE Values","MUE Adjudication Indicator","MUE Rationale"',
  "G0463,1,3 Date of Service Edit: Clinical,Nature of Service/Procedure",
  "99998,2,2 Date of Service Edit: Policy,Code Descriptor",
].join("\n");

export const ADD_ON = [
  "Add-On Code\tAdd-On Code Edit Type\tAdd-On Code Edit Effective Date\tAdd-On Code Edit Deletion Date\tPrimary Code\tPrimary Code Edit Effective Date\tPrimary Code Edit Deletion Date\tSpecial Instruction",
  "G2211\t1\t20240101\t\tG0463\t20240101\t\t",
  "G2211\t1\t20240101\t\tG0101\t20240101\t20241231\t",
  "G2212\t2\t2021001\t\tCCCCC\t\t\tcontractor defined",
].join("\n");

export const ADDENDUM_B = [
  "Addendum B.-OPPS Payment by HCPCS Code for CY 2026,,,,,",
  "January 2026,,,,,",
  "HCPCS Code,Short Descriptor,SI,APC,Relative Weight,Payment Rate",
  'G0463,Hospital outpt clinic visit,J2,5012,1.4,"$1,127.50"',
  "99998,Something,N,,,",
].join("\n");

export const MCE = [
  "Definitions of Medicare Code Edits v43",
  "",
  "3. Age conflict",
  "Pediatric diagnoses (age 0 through 17)",
  "B0820     Exanthema subitum, unspecified",
  "",
  "6. Manifestation code as principal diagnosis",
  "D63.0     Anemia in neoplastic disease",
  "E0800     Diabetes due to underlying condition",
].join("\n");

export const TABULAR = `<?xml version="1.0" encoding="utf-8"?>
<ICD10CM.tabular>
<version>2026</version>
<title>Tabular list</title>
<chapter>
  <name>9</name>
  <desc>Diseases of the circulatory system (I00-I99)</desc>
  <section id="I10-I1A">
    <desc>Hypertensive diseases (I10-I1A)</desc>
    <diag>
      <name>I10</name>
      <desc>Essential (primary) hypertension</desc>
      <includes><note>high blood pressure</note></includes>
      <excludes1><note>hypertensive kidney disease (I12.-)</note>
      <note>secondary hypertension &amp; others (I15.0, I15.2-I15.9)</note></excludes1>
    </diag>
    <diag>
      <name>S72</name>
      <desc>Fracture of femur</desc>
      <sevenChrDef><extension char="A">initial encounter</extension><extension char="D">subsequent encounter</extension></sevenChrDef>
      <!-- a remark -->
      <diag><name>S72.0</name><desc>Fracture of head and neck of femur</desc></diag>
    </diag>
  </section>
</chapter>
</ICD10CM.tabular>
`;

export const PCS_TABLES = `<ICD10PCS.tabular>
<version>2026</version>
<pcsTable>
 <axis pos="1"><title>Section</title><label code="0">Medical and Surgical</label></axis>
 <axis pos="2"><title>Body System</title><label code="D">Gastrointestinal System</label></axis>
 <axis pos="3"><title>Operation</title><label code="T">Resection</label></axis>
 <pcsRow codes="1">
  <axis pos="4"><title>Body Part</title><label code="J">Appendix</label></axis>
  <axis pos="5"><title>Approach</title><label code="0">Open</label><label code="4">Percutaneous Endoscopic</label></axis>
  <axis pos="6"><title>Device</title><label code="Z">No Device</label></axis>
  <axis pos="7"><title>Qualifier</title><label code="Z">No Qualifier</label></axis>
 </pcsRow>
</pcsTable>
</ICD10PCS.tabular>
`;

/** A zip archive of deflated entries (APPNOTE 4.3). */
export function zip(entries: Readonly<Record<string, string>>): Buffer {
  const local: Buffer[] = [];
  const central: Buffer[] = [];
  let at = 0;
  for (const [name, text] of Object.entries(entries)) {
    const data = deflateRawSync(Buffer.from(text));
    const head = Buffer.alloc(30);
    head.writeUInt32LE(0x04034b50, 0);
    head.writeUInt16LE(8, 8);
    head.writeUInt32LE(data.length, 18);
    head.writeUInt16LE(name.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(8, 10);
    entry.writeUInt32LE(data.length, 20);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(at, 42);
    local.push(head, Buffer.from(name), data);
    central.push(entry, Buffer.from(name));
    at += 30 + name.length + data.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(central.length / 2, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...local, directory, end]);
}
