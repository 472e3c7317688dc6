import { isModifier, tidy } from "../codes.ts";
import { CITE } from "../findings.ts";
import { modifierRank } from "../modifier-order.ts";
import type { Edit } from "./edit.ts";
import { codedLines } from "./procedure-codes.ts";

const MOST = 4;

/** CPT level I and category II modifiers: bare values, for their texts are the AMA's. */
const CPT_MODIFIERS = new Set(
  "22 23 24 25 26 27 32 33 47 50 51 52 53 54 55 56 57 58 59 62 63 66 73 74 76 77 78 79 80 81 82 90 91 92 93 95 96 97 99 1P 2P 3P 8P P1 P2 P3 P4 P5 P6".split(
    " ",
  ),
);

const PX11: Edit = {
  id: "PX11",
  version: 1,
  title: "Modifiers exist, at most four on a line, none twice",
  streams: "IOP",
  severity: ["hard"],
  reads: ["lines"],
  sets: ["hcpcs-modifier"],
  citation: `${CITE.codeSets}; ${CITE.cms24d}; ${CITE.ub44}`,
  run: ({ lines, data }, report) => {
    for (const { modifiers, path, day } of lines) {
      if (modifiers.length > MOST)
        report.at(`${path}.modifiers`, "A line takes four modifiers.", "Keep the four that matter most for payment.");
      for (const [index, modifier] of modifiers.entries()) {
        const place = `${path}.modifiers[${index}]`;
        if (!isModifier(modifier)) report.at(place, "A modifier has two letters or digits.", "Correct it.");
        else if (modifiers.indexOf(modifier) < index) report.at(place, "This modifier is on the line twice.", "Remove one of them.");
        else if (!CPT_MODIFIERS.has(modifier) && day !== "") {
          const entry = report.known(data.lookup("hcpcs-modifier", modifier, day), "hcpcs-modifier", day);
          if (entry === "unknown" || (entry !== undefined && entry.validTo !== undefined && entry.validTo < day))
            report.at(place, `There is no modifier ${modifier} on ${day}.`, "Correct it.");
        }
      }
    }
  },
};

/** Modifiers of which a line has one at most. */
const EXCLUSIVE: readonly (readonly string[])[] = [
  ["50", "LT", "RT"],
  ["26", "TC"],
  ["59", "XE", "XP", "XS", "XU"],
  ["GA", "GZ"],
  ["GY", "GA"],
  ["62", "66", "80", "82", "AS"],
  ["52", "53"],
  ["73", "74", "53"],
  ["76", "77"],
  ["JW", "JZ"],
  ["PN", "PO"],
  ["QK", "QX", "QY", "QZ", "AA"],
  ["GC", "GE"],
  ["95", "GT", "93", "FQ"],
];

const PX12: Edit = {
  id: "PX12",
  version: 1,
  title: "No two modifiers of which one rules the other out",
  streams: "IOP",
  severity: ["hard"],
  reads: ["lines"],
  citation: "NCCI Policy Manual, chapter I; Medicare Claims Processing Manual, chapters 4, 12 and 30",
  run: ({ lines }, report) => {
    for (const { modifiers, path } of lines)
      for (const group of EXCLUSIVE) {
        const both = modifiers.filter((one) => group.includes(one));
        if (new Set(both).size > 1)
          report.at(`${path}.modifiers`, `Modifiers ${both.join(" and ")} rule each other out.`, "Keep the one that fits.");
      }
  },
};

/** Evaluation and management: CPT 99202 to 99499, and the level II visits. */
const VISIT = /^(992[0-9]{2}|99[34]\d{2}|9928[0-9]|G0463|G038[0-4]|G0402|G0438|G0439|G2212|G0316|G0317|G0318)$/;
const isVisit = (code: string): boolean => VISIT.test(code);
const ONLY_VISIT = ["24", "25", "57"];
/** OPPS status of a procedure besides which a visit needs 25 (I/OCE edit 21). */
const PROCEDURE_STATUS = ["S", "T"];

const PX13: Edit = {
  id: "PX13",
  version: 1,
  title: "24, 25 and 57 stand with visits, 59 never; a visit besides a procedure has 25",
  streams: "OP",
  severity: ["hard", "soft"],
  reads: ["lines"],
  sets: ["opps"],
  citation: "NCCI Policy Manual, chapter I, section D; I/OCE edit 21",
  run: (scene, report) => {
    const lines = codedLines(scene);
    for (const { code, modifiers, path, day } of lines) {
      const visit = isVisit(code);
      for (const modifier of modifiers) {
        if (!visit && ONLY_VISIT.includes(modifier))
          report.at(`${path}.modifiers`, `Modifier ${modifier} belongs to a visit, and ${code} is none.`, "Move it to the visit's line.");
        if (visit && modifier === "59")
          report.at(`${path}.modifiers`, "Modifier 59 is never on a visit.", "Use 25 when the visit is separate.");
      }
      if (!visit || modifiers.includes("25") || scene.kind !== "O" || day === "") continue;
      const besides = lines.some((other) => {
        if (other.day !== day || isVisit(other.code)) return false;
        const status = scene.data.ops(other.code, day);
        return status !== undefined && status !== "no-data" && PROCEDURE_STATUS.includes(status.statusIndicator);
      });
      if (besides)
        report.at(
          `${path}.modifiers`,
          "A visit stands on the day of a procedure without modifier 25.",
          "Add 25 when the visit was separate, else remove it.",
          "soft",
        );
    }
  },
};

const PX14: Edit = {
  id: "PX14",
  version: 1,
  title: "A bilateral service (50) has one unit",
  streams: "OP",
  severity: ["soft"],
  reads: ["lines"],
  waitsFor: "the fee schedule's bilateral indicators, to say which services have two sides",
  citation: "Medicare Claims Processing Manual, chapter 12, section 40.7",
  run: ({ lines }, report) => {
    for (const { modifiers, units, path } of lines)
      if (modifiers.includes("50") && units !== 1)
        report.at(
          `${path}.units`,
          "A bilateral service is one line with one unit.",
          "Enter 1, or two lines with LT and RT where the payer wants it.",
        );
  },
};

/** Places of service in which the facility bills the technical part. */
const FACILITY_CLASSES: readonly (string | undefined)[] = ["IMP", "ACUTE", "NONAC", "EMER", "OBSENC"];

const PX15: Edit = {
  id: "PX15",
  version: 1,
  title: "The technical part (TC) is not billed by a professional where the facility bills it",
  streams: "OP",
  severity: ["soft"],
  reads: ["lines", "visit"],
  waitsFor: "the fee schedule's PC/TC indicators, to say which services have two parts",
  citation: "42 CFR 415.130 and 410.27; Medicare Claims Processing Manual, chapter 13, section 20",
  run: ({ lines, visit: { stay }, kind }, report) => {
    for (const { modifiers, path } of lines) {
      if (kind === "P" && modifiers.includes("TC") && FACILITY_CLASSES.includes(stay?.encounter.class.code))
        report.at(
          `${path}.modifiers`,
          "The technical part of a service to a hospital's patient is the hospital's.",
          "Remove the line, or use 26.",
        );
      if (kind === "O" && modifiers.includes("26"))
        report.at(`${path}.modifiers`, "The professional part (26) stands on a hospital's claim.", "Move it to the professional claim.");
    }
  },
};

const PX16: Edit = {
  id: "PX16",
  version: 1,
  title: "A hospital says 73, 74 or 52 of what was broken off, never 53 nor 51",
  streams: "O",
  severity: ["hard"],
  reads: ["lines"],
  citation: "Medicare Claims Processing Manual, chapter 4, section 20.6.4 and 20.6.6",
  run: ({ lines }, report) => {
    for (const { modifiers, path } of lines) {
      if (modifiers.includes("53"))
        report.at(
          `${path}.modifiers`,
          "Modifier 53 is for professionals.",
          "Use 73 before anesthesia, 74 after, 52 where none is planned.",
        );
      if (modifiers.includes("51")) report.at(`${path}.modifiers`, "Modifier 51 is for professionals.", "Remove it.");
    }
  },
};

const PX17: Edit = {
  id: "PX17",
  version: 1,
  title: "A drug from a single-dose container says whether some was discarded (JW, JZ)",
  streams: "OP",
  payers: "medicare",
  severity: ["soft"],
  reads: ["lines"],
  citation: "42 CFR 414.940; Medicare Claims Processing Manual, chapter 17, section 40",
  run: (scene, report) => {
    for (const { code, modifiers, path } of codedLines(scene))
      if (scene.policy.singleDoseDrugs.includes(code) && !modifiers.includes("JW") && !modifiers.includes("JZ"))
        report.at(
          `${path}.modifiers`,
          "The drug comes in a single-dose container, and the line has neither JW nor JZ.",
          "Add JZ when nothing was discarded, else a second line with JW for what was.",
        );
  },
};

const THERAPY = ["GN", "GO", "GP"];
const THERAPY_REVENUE: Readonly<Record<string, string>> = { "042": "GP", "043": "GO", "044": "GN" };

const PX18: Edit = {
  id: "PX18",
  version: 1,
  title: "Modifiers of place and circumstance are there: off campus, therapy, telehealth",
  streams: "OP",
  severity: ["soft"],
  reads: ["lines", "charges"],
  citation: "42 CFR 419.48; Medicare Claims Processing Manual, chapter 4, section 20.6, and chapter 5, section 20",
  run: ({ lines, kind, policy }, report) => {
    for (const { modifiers, path, revenue, charge, code } of lines) {
      if (kind === "O" && code !== undefined) {
        const department = charge?.charge.performingOrganization?.display;
        if (
          department !== undefined &&
          policy.offCampusDepartments.includes(department) &&
          !modifiers.some((one) => one === "PO" || one === "PN")
        )
          report.at(
            `${path}.modifiers`,
            "The department is off the campus, and the line has neither PO nor PN.",
            "Add PO where the department is excepted, else PN.",
          );
        const therapy = THERAPY_REVENUE[revenue?.slice(0, 3) ?? ""];
        if (therapy !== undefined && !modifiers.some((one) => THERAPY.includes(one)))
          report.at(
            `${path}.modifiers`,
            "A therapy service does not say under which plan of care it was done.",
            `Add ${therapy}, or the discipline's own.`,
          );
      }
    }
  },
};

const PX19: Edit = {
  id: "PX19",
  version: 1,
  title: "Modifiers stand in the order payers expect: pricing, payment, information, location",
  streams: "OP",
  severity: ["info"],
  reads: ["lines"],
  citation: "Medicare Claims Processing Manual, chapter 12, section 30 (convention; payers' own rules go before)",
  run: ({ lines }, report) => {
    for (const { modifiers, path } of lines) {
      const wanted = [...modifiers].sort((a, b) => modifierRank(a) - modifierRank(b));
      if (wanted.some((one, index) => one !== modifiers[index]))
        report.at(`${path}.modifiers`, "The modifiers stand in another order than payers expect.", `Write ${wanted.map(tidy).join(" ")}.`);
    }
  },
};

export const MODIFIERS: readonly Edit[] = [PX11, PX12, PX13, PX14, PX15, PX16, PX17, PX18, PX19];
/** Whether a code is a visit. */
export { isVisit };
