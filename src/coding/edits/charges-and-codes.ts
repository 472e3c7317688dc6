import { procedureCodeOf } from "../charges.ts";
import { tidy } from "../codes.ts";
import { CITE } from "../findings.ts";
import type { Edit } from "./edit.ts";

const SURGERY = /^036/;
const IMPLANT = /^027[568]$/;
/** Device pass-through and device-intensive categories. */
const DEVICE = /^C1[78]\d\d$|^C2\d{3}$/;
const OBSERVATION = "0762";
const OBSERVATION_HOURS = "G0378";

/** Hours between two FHIR times. */
const hoursBetween = (start: string, end: string): number => (Date.parse(end) - Date.parse(start)) / 3_600_000;

/** Charges and codes side by side: what is charged is coded, what is coded is charged. */
const PX20: Edit = {
  id: "PX20",
  version: 1,
  title: "Charges and codes agree: surgery, implants, observation, and every line's charge is in the chart",
  streams: "IOP",
  severity: ["hard", "soft", "info"],
  reads: ["lines", "charges", "procedures", "visit"],
  citation: `${CITE.transaction}; ${CITE.ub42}; Medicare Claims Processing Manual, chapter 4`,
  run: ({ input, lines, kind, allCharges, billedCharges, procedures, visit }, report) => {
    const known = new Set(allCharges.map(({ charge }) => charge.id));
    const changed = new Set<string>();
    for (const [index, { chargeId }] of input.codes.lines.entries()) {
      if (chargeId === undefined) continue;
      const path = `lines[${index}].chargeId`;
      if (!known.has(chargeId))
        report.at(
          path,
          "The chart has no billable charge with this id.",
          "Name a charge of the chart, or leave it out for a line of your own.",
        );
      else if (changed.has(chargeId)) report.at(path, "Two lines change the same charge.", "Put both changes in one line.");
      changed.add(chargeId);
    }
    for (const { charge, code, entry } of billedCharges) {
      const index = input.codes.lines.findIndex(({ chargeId }) => chargeId === charge.id);
      const line = input.codes.lines[index];
      if (kind !== "P" && entry === undefined && line?.revenueCode === undefined)
        report.at(
          `charges[${charge.id}]`,
          `Charge ${code} is not in the charge master on its day.`,
          "Give its revenue code in a line, or have the charge master corrected.",
          "info",
        );
      const fromChart = procedureCodeOf(charge);
      if (line?.procedureCode !== undefined && fromChart !== undefined && tidy(line.procedureCode) !== tidy(fromChart))
        report.at(
          `lines[${index}].procedureCode`,
          `This replaces ${fromChart}, which came with the charge.`,
          "Nothing to do when that is meant.",
          "info",
        );
    }
    if (kind === "P") return;
    const operated =
      kind === "I"
        ? procedures.some(({ code }) => /^[0-4X]/.test(code))
        : lines.some(({ code }) => code !== undefined && /^([1-6]\d{4}|[CG]\d{4})$/.test(code));
    const theatre = lines.find(({ revenue }) => revenue !== undefined && SURGERY.test(revenue));
    if (theatre !== undefined && !operated)
      report.at(
        theatre.path,
        "An operating room is charged, and no procedure is coded.",
        "Code the operation, or have the charge taken back.",
        "soft",
      );
    if (kind !== "O") return;
    for (const { code, revenue, path } of lines) {
      if (revenue === "0278" && code === undefined)
        report.at(path, "An implant has no device code.", "Enter the code of the device.", "soft");
      if (code !== undefined && DEVICE.test(code) && revenue !== undefined && !IMPLANT.test(revenue) && !revenue.startsWith("062"))
        report.at(
          path,
          `Device ${code} stands under revenue code ${revenue}.`,
          "Use the revenue code of the device (0275, 0276, 0278).",
          "soft",
        );
    }
    const { start, end } = visit.stay?.encounter.period ?? {};
    const observed = lines.filter(({ code }) => code === OBSERVATION_HOURS);
    const hours = observed.reduce((sum, { units }) => sum + units, 0);
    if (observed[0] !== undefined && start !== undefined && end !== undefined && hours > Math.ceil(hoursBetween(start, end)) + 1)
      report.at(
        observed[0].path,
        `${hours} hours of observation are charged, and the visit was shorter.`,
        "Have the hours corrected: from the order to the end of care.",
        "soft",
      );
    if (observed.length === 0 && lines.some(({ revenue, code }) => revenue === OBSERVATION && code !== "G0379"))
      report.at("lines", "Observation is charged without its hours (G0378).", "Add the hours.", "soft");
  },
};

export const CHARGES_AND_CODES: readonly Edit[] = [PX20];
