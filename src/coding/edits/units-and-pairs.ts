import { CITE } from "../findings.ts";
import type { Scene } from "../scene.ts";
import type { Edit } from "./edit.ts";
import { codedLines } from "./procedure-codes.ts";

/** Modifiers that may set an NCCI pair with indicator 1 aside (NCCI Policy Manual, chapter I, section E). */
const NCCI_MODIFIERS = new Set([
  ..."E1 E2 E3 E4 FA F1 F2 F3 F4 F5 F6 F7 F8 F9 TA T1 T2 T3 T4 T5 T6 T7 T8 T9 LT RT LC LD RC LM RI".split(" "),
  ..."24 25 57 58 78 79 27 59 91 XE XS XP XU".split(" "),
]);

/** Claims of the NCCI's hospital table: outpatient hospital. */
const setting = ({ kind }: Scene): "practitioner" | "facility" => (kind === "P" ? "practitioner" : "facility");

const PX07: Edit = {
  id: "PX07",
  version: 1,
  title: "No more units than a day can have (MUE)",
  streams: "OP",
  severity: ["hard", "soft"],
  reads: ["lines"],
  sets: ["mue"],
  citation: "NCCI Policy Manual, chapter I, section V; CMS MUE tables",
  run: (scene, report) => {
    const perDay = new Map<string, { units: number; path: string }>();
    for (const { code, day, units, path } of codedLines(scene)) {
      if (day === "") continue;
      const limit = report.known(scene.data.mue(code, day, setting(scene)), "mue", day);
      if (limit === undefined) continue;
      if (limit.adjudication === 1) {
        if (units > limit.units)
          report.at(
            `${path}.units`,
            `The line has ${units} units of ${code}; ${limit.units} are the most on one line.`,
            "Correct the units, or part them into lines with a modifier that says why.",
            "soft",
          );
        continue;
      }
      const key = `${code} ${day}`;
      const sum = (perDay.get(key)?.units ?? 0) + units;
      const told = perDay.get(key)?.path ?? path;
      perDay.set(key, { units: sum, path: told });
    }
    for (const [key, { units, path }] of perDay) {
      const [code = "", day = ""] = key.split(" ");
      const limit = scene.data.mue(code, day, setting(scene));
      if (limit === undefined || limit === "no-data" || units <= limit.units) continue;
      const most = `${units} units of ${code} on ${day}; ${limit.units} are the most in a day`;
      if (limit.adjudication === 2)
        report.at(`${path}.units`, `${most}, and no modifier changes that.`, "Correct the units: this limit is absolute.");
      else
        report.at(
          `${path}.units`,
          `${most} (${limit.rationale || "clinical"}).`,
          "Correct the units, or say where the documentation supports them.",
          "soft",
        );
    }
  },
};

const PX08: Edit = {
  id: "PX08",
  version: 1,
  title: "No two codes of which one includes the other (NCCI)",
  streams: "OP",
  severity: ["hard", "soft"],
  reads: ["lines", "related"],
  sets: ["ptp"],
  waitsFor: "NCCI procedure-to-procedure tables",
  citation: "NCCI Policy Manual, chapter I; CMS PTP edits",
  run: (scene, report) => {
    const lines = codedLines(scene).filter(({ day }) => day !== "");
    for (const column1 of lines)
      for (const column2 of lines) {
        if (column1 === column2 || column1.day !== column2.day || column1.code === column2.code) continue;
        const pair = report.known(scene.data.ptp(column1.code, column2.code, column2.day, setting(scene)), "ptp", column2.day);
        if (pair === undefined || pair.modifierAllowed === 9) continue;
        const at = `${column2.path}.procedureCode`;
        const includes = `${column1.code} includes ${column2.code} on the same day`;
        const apart = [...column1.modifiers, ...column2.modifiers].some((one) => NCCI_MODIFIERS.has(one));
        if (pair.modifierAllowed === 0) report.at(at, `${includes}; no modifier sets this aside.`, `Remove ${column2.code}.`);
        else if (!apart) report.at(at, `${includes}.`, `Remove ${column2.code}, or add the modifier that says why they are apart.`, "hard");
        else
          report.at(
            at,
            `${includes}; a modifier says that they are apart.`,
            "Say where the documentation shows another site, session or provider.",
            "soft",
          );
      }
  },
};

const PX09: Edit = {
  id: "PX09",
  version: 1,
  title: "An add-on code has its primary code",
  streams: "OP",
  severity: ["hard", "soft"],
  reads: ["lines"],
  sets: ["add-on"],
  waitsFor: "NCCI add-on code table",
  citation: "CMS add-on code edits; CARC B15",
  run: (scene, report) => {
    const lines = codedLines(scene);
    for (const { code, day, path } of lines) {
      if (day === "") continue;
      const addOn = report.known(scene.data.addOnPrimaries(code, day), "add-on", day);
      if (addOn === undefined) continue;
      const primary = lines.some((one) => one.day === day && one.code !== code && (addOn.type === 2 || addOn.primaries.includes(one.code)));
      if (primary) continue;
      // Types 2 and 3 leave the primaries, or some of them, to the payer.
      report.at(
        `${path}.procedureCode`,
        `${code} is an add-on, and its primary code is not on the claim for ${day}.`,
        "Add the primary service, or remove the add-on.",
        addOn.type === 1 ? "hard" : "soft",
      );
    }
  },
};

const APART = new Set(["76", "77", "91", "59", "XE", "XS", "XP", "XU"]);

const PX10: Edit = {
  id: "PX10",
  version: 1,
  title: "No line is there twice without a modifier that says why",
  streams: "OP",
  severity: ["soft"],
  reads: ["lines"],
  citation: `${CITE.transaction}; CARC 18`,
  run: (scene, report) => {
    const seen = new Set<string>();
    for (const { code, day, modifiers, path, revenue } of codedLines(scene)) {
      const key = `${code} ${day} ${revenue ?? ""} ${[...modifiers].sort().join()}`;
      // Drugs and supplies are charged dose by dose: their units add up.
      const adds = /^[ABJQ]\d/.test(code) && scene.kind === "O";
      if (seen.has(key) && !adds && !modifiers.some((one) => APART.has(one)))
        report.at(
          path,
          `Code ${code} is already there for ${day} with the same modifiers.`,
          "Remove one, put the units together, or add the modifier of a repetition (76, 77, 91) or of a separate service.",
        );
      seen.add(key);
    }
  },
};

export const UNITS_AND_PAIRS: readonly Edit[] = [PX07, PX08, PX09, PX10];
