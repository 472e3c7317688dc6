import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Claim } from "@medplum/fhirtypes";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EDITS } from "#src/coding/edits/registry.ts";
import type { Finding } from "#src/coding/submission.ts";
import { NOTHING_SAID, type ClaimAnswer } from "#src/claims/answers/answer.ts";
import { compileRoutes, loadRoutes } from "#src/claims/answers/denial-routes.ts";
import { judgeAnswer, lineOf } from "#src/claims/answers/judge-answer.ts";
import { pathOfLine, preventionOf } from "#src/claims/answers/prevention.ts";
import { readAnswers } from "#src/claims/answers/read-answers.ts";
import { readSegments } from "#src/claims/answers/segments.ts";
import { acknowledgement277, claimResponse, remittance } from "./answer-files.ts";
import { codesOf } from "./charts.ts";

const read = (text: string): readonly ClaimAnswer[] => {
  const file = readAnswers(text);
  if (!file.ok) throw new Error(file.failure.join("\n"));
  return file.value.answers.map(({ answer }) => answer);
};
const faults = (text: string): readonly string[] => {
  const file = readAnswers(text);
  return file.ok ? [] : file.failure;
};
const BASE = readFileSync("src/claims/answers/denial-routes.csv", "utf8");
const compiled = compileRoutes(BASE, "");
if (!compiled.ok) throw new Error(compiled.failure.join("\n"));
const routes = compiled.value;
const CHARGE = "00000000-0000-4000-8000-0000000000c1";
const claim: Claim = {
  resourceType: "Claim",
  status: "active",
  use: "claim",
  type: { coding: [{ code: "institutional" }] },
  patient: {},
  created: "2026-03-20",
  provider: {},
  priority: {},
  insurance: [],
  total: { value: 110, currency: "USD" },
  item: [
    { sequence: 1, id: CHARGE, productOrService: { coding: [{ code: "G0383" }] }, net: { value: 70, currency: "USD" } },
    { sequence: 2, productOrService: { coding: [{ code: "J1885" }] }, net: { value: 40, currency: "USD" } },
  ],
};

describe("a ClaimResponse", () => {
  it("names its claim by our number or id, and has the payer's number", () => {
    const [one] = read(JSON.stringify(claimResponse("CB1-1")));
    expect(one).toMatchObject({ source: "fhir", claimNumber: "CB1-1", payerNumber: "ICN20260001", outcome: "complete", paidCents: 10_000 });
    const id = "8d8ac610-566d-4ef0-9c22-186b2a5ed793";
    const [other] = read(JSON.stringify(claimResponse("", { request: { reference: `https://engine.example/fhir/R4/Claim/${id}` } })));
    expect(other?.claimId).toBe(id);
  });

  it("tells adjustment reasons from remarks, and takes group and code apart", () => {
    const [one] = read(JSON.stringify(claimResponse("CB1-1", {}, { line: 2, code: "CO-11", amount: 40, remark: "N115" })));
    expect(one?.lines).toEqual([
      { sequence: 2, adjustments: [{ list: "CARC", code: "11", group: "CO", cents: 4_000 }], remarks: ["N115"] },
    ]);
  });

  it("with errors was refused before it was judged, each error where it is", () => {
    const [one] = read(
      JSON.stringify(
        claimResponse("CB1-1", {
          outcome: "error",
          error: [{ itemSequence: 1, code: { coding: [{ code: "M51" }] } }, { code: { text: "?" } }],
        }),
      ),
    );
    expect(one).toMatchObject({
      outcome: "error",
      lines: [{ sequence: 1, adjustments: [{ list: "RARC", code: "M51" }] }],
      whole: { adjustments: [{ list: "ERROR", code: "none-given" }] },
    });
  });

  it("comes alone, in a Bundle, or one a line; one that is not valid keeps the whole file out, with its place", () => {
    const some = [claimResponse("CB1-1"), claimResponse("CB2-1")];
    expect(
      read(JSON.stringify({ resourceType: "Bundle", type: "collection", entry: some.map((resource) => ({ resource })) })),
    ).toHaveLength(2);
    expect(read(some.map((one) => JSON.stringify(one)).join("\n"))).toHaveLength(2);
    expect(faults(JSON.stringify({ ...some[0], created: "yesterday" }))[0]).toMatch(/^ClaimResponse 1: ClaimResponse\.created/);
  });
});

describe("an 835", () => {
  const denied = [
    "CLP*CB1-1*4*110*0*0*12*ICN7*13*1",
    "SVC*HC:G0383*70*0**1",
    "CAS*CO*11*70",
    "REF*6R*1",
    "LQ*HE*N115",
    "SVC*HC:J1885*40*0**2",
    "CAS*CO*45*10**16*30",
    "LQ*HE*M51",
  ];

  it("gives the claim, the payer's number, and each line's reasons and remarks", () => {
    expect(read(remittance(denied))).toEqual([
      {
        source: "835",
        claimNumber: "CB1-1",
        payerNumber: "ICN7",
        insurer: "99999",
        outcome: "complete",
        created: "2026-04-01",
        paidCents: 0,
        whole: NOTHING_SAID,
        lines: [
          {
            control: "1",
            procedure: "G0383",
            chargedCents: 7_000,
            adjustments: [{ list: "CARC", code: "11", group: "CO", cents: 7_000 }],
            remarks: ["N115"],
          },
          {
            procedure: "J1885",
            chargedCents: 4_000,
            adjustments: [
              { list: "CARC", code: "45", group: "CO", cents: 1_000 },
              { list: "CARC", code: "16", group: "CO", cents: 3_000 },
            ],
            remarks: ["M51"],
          },
        ],
        requests: [],
      },
    ]);
  });

  it("leaves payments taken back out, and says how many", () => {
    const file = readAnswers(remittance(["CLP*CB1-1*22*-110*-100"], denied));
    expect(file).toMatchObject({
      ok: true,
      value: {
        answers: [{ answer: { claimNumber: "CB1-1" } }],
        left: ["1 payments taken back (reversals): their corrections are claims of their own"],
      },
    });
  });

  it("keeps of each claim its own segments and no other's", () => {
    const file = readAnswers(remittance(denied, ["CLP*CB2-1*1*50*50"]));
    if (!file.ok) throw new Error("it is read");
    expect(file.value.answers.map(({ original }) => original)).toEqual([denied.map((one) => `${one}~`).join(""), "CLP*CB2-1*1*50*50~"]);
  });

  it("that was cut off is not taken", () => {
    const text = remittance(denied);
    expect(faults(text.slice(0, text.indexOf("IEA")))).toEqual(["the interchange has no IEA segment: the file may have been cut off"]);
  });

  it("is read by the separators that it names itself", () => {
    const other = remittance(denied).replaceAll("*", "|").replaceAll("~", "'").replaceAll(":", ">");
    expect(read(other)).toEqual(read(remittance(denied)));
  });

  it("never throws, whatever is damaged", () => {
    const text = remittance(denied);
    fc.assert(
      fc.property(fc.nat(text.length), fc.nat(40), fc.string({ maxLength: 20 }), (at, cut, put) => {
        readAnswers(text.slice(0, at) + put + text.slice(at + cut));
      }),
      { numRuns: 500 },
    );
    expect(readSegments("ISA*").ok).toBe(false);
  });
});

describe("a 277CA", () => {
  it("is queued for what was taken in, and an error for what was refused, line and all", () => {
    const text = acknowledgement277(
      ["HL*3*2*PT", "TRN*2*CB1-1", "STC*A2:20*20260330*WQ*110", "REF*1K*ICN9"],
      ["HL*4*2*PT", "TRN*2*CB2-1", "STC*A7:507*20260330*U*50", "SVC*HC:J1885*40", "STC*A7:455*20260330*U", "REF*FJ*2"],
    );
    expect(read(text)).toMatchObject([
      { source: "277CA", claimNumber: "CB1-1", payerNumber: "ICN9", outcome: "queued", created: "2026-03-30" },
      {
        claimNumber: "CB2-1",
        outcome: "error",
        whole: { adjustments: [{ list: "STC", code: "A7" }] },
        lines: [{ control: "2", adjustments: [{ list: "STC", code: "A7" }] }],
      },
    ]);
  });
});

describe("a CSV of denials", () => {
  it("has one row a reason; rows of one claim and day are one answer", () => {
    const text = `claim,date,line,group,reason,remark,amount,payer_number
CB1-1,2026-04-01,1,CO,11,N115,70.00,ICN7
CB1-1,2026-04-01,2,CO,16,M51 N56,40,
CB2-1,2026-04-01,,PR,1,,20,`;
    expect(read(text)).toMatchObject([
      {
        claimNumber: "CB1-1",
        payerNumber: "ICN7",
        lines: [
          { sequence: 1, adjustments: [{ code: "11", group: "CO", cents: 7_000 }], remarks: ["N115"] },
          { sequence: 2, remarks: ["M51", "N56"] },
        ],
      },
      { claimNumber: "CB2-1", whole: { adjustments: [{ code: "1", group: "PR", cents: 2_000 }] } },
    ]);
  });

  it("with faults is refused with every line", () => {
    expect(faults("claim,date,amount,line,reason,remark\n,2026-04-01,1,1,11,N115\nCB1,april,x,0,Mrs Smith,M")).toEqual([
      "line 2: claim is empty",
      "line 3: date is not a day (YYYY-MM-DD)",
      "line 3: line is no line number",
      "line 3: amount is no amount in dollars",
      "line 3: reason is no adjustment reason code",
      "line 3: remark is no remark code, or several with blanks between",
    ]);
  });
});

describe("the table of reasons", () => {
  const owner = (code: string, group?: string, ...remarks: string[]) =>
    routes.route({ list: "CARC", code, ...(group === undefined ? {} : { group }) }, remarks).owner;

  it("names whose work a reason is", () => {
    expect([owner("11", "CO"), owner("50", "CO"), owner("22", "CO"), owner("29", "CO"), owner("252", "CO")]).toEqual([
      "coding",
      "cdi",
      "registration",
      "billing",
      "documentation",
    ]);
  });

  it("takes contractual and the patient's parts for no denial, and a cut above the contract for the contract office's", () => {
    expect([owner("45", "CO"), owner("1", "PR"), owner("2", "PR"), owner("3", "PR"), owner("45", "PI")]).toEqual([
      "none",
      "none",
      "none",
      "none",
      "contracts",
    ]);
  });

  it("splits a reason that says nothing by its remark", () => {
    expect([
      owner("16", "CO", "MA63"),
      owner("16", "CO", "MA61"),
      owner("16", "CO", "M127"),
      owner("16", "CO"),
      owner("16", "CO", "N999"),
    ]).toEqual(["coding", "registration", "documentation", "billing", "billing"]);
  });

  it("names only edits that there are", () => {
    const known = new Set(EDITS.map(({ id }) => id));
    const named = BASE.split("\n").flatMap(
      (row) =>
        row
          .split(",")[6]
          ?.split(/\s+/)
          .filter((one) => /^[A-Z]{2,3}\d{2}$/.test(one)) ?? [],
    );
    expect(named.length).toBeGreaterThan(80);
    expect(named.filter((one) => !known.has(one))).toEqual([]);
  });

  it("is overruled by the site's own rows, which are checked like ours", () => {
    const site = compileRoutes(
      BASE,
      "list,code,remark,group,owner,label,edits,asks\nCARC,29,,,contracts,ours,,\nCARC,*,,,documentation,the rest,,\n",
    );
    if (!site.ok) throw new Error("it compiles");
    expect(site.value.route({ list: "CARC", code: "29" }, []).owner).toBe("contracts");
    // A row for every other code speaks of what neither table names.
    expect(site.value.route({ list: "CARC", code: "11" }, []).owner).toBe("coding");
    expect(site.value.route({ list: "CARC", code: "999" }, []).owner).toBe("documentation");
    expect(compileRoutes(BASE, "list,code,remark,group,owner,label,edits,asks\nCARK,29,,,nobody,x,,\n")).toEqual({
      ok: false,
      failure: [
        "denial-routes.csv:2: list is one of CARC, RARC, STC, ERROR",
        "denial-routes.csv:2: owner is one of coding, cdi, documentation, registration, billing, contracts, none, by-remark",
      ],
    });
  });

  it("is read from the site's folder", () => {
    const dir = mkdtempSync(join(tmpdir(), "routes-"));
    expect(loadRoutes(dir)).toMatchObject({ ok: true, value: { size: routes.size } });
    writeFileSync(join(dir, "denial-routes.csv"), "list,code,remark,group,owner,label,edits,asks\nCARC,29,,,contracts,ours,,\n");
    expect(loadRoutes(dir)).toMatchObject({ ok: true, value: { size: routes.size + 1 } });
    rmSync(dir, { recursive: true });
  });
});

describe("an answer comes to", () => {
  const answer = (more: Partial<ClaimAnswer>): ClaimAnswer => ({
    source: "csv",
    claimNumber: "CB1-1",
    outcome: "complete",
    created: "2026-04-01",
    whole: NOTHING_SAID,
    lines: [],
    requests: [],
    ...more,
  });
  const judge = (more: Partial<ClaimAnswer>) => judgeAnswer(answer(more), claim, routes);
  const reason = (code: string, cents: number, group = "CO") => ({ list: "CARC" as const, code, group, cents });

  it("accepted, when nothing but the contract and the patient's part is missing", () => {
    expect(judge({ lines: [{ sequence: 1, adjustments: [reason("45", 1_000), reason("1", 500, "PR")], remarks: [] }] })).toEqual({
      verdict: "accepted",
      denials: [],
      requests: [],
      rework: false,
    });
  });

  it("rework for a coder, with the line and the dollars", () => {
    const judged = judge({ paidCents: 0, lines: [{ sequence: 2, adjustments: [reason("11", 4_000)], remarks: ["N115"] }] });
    expect(judged).toMatchObject({
      verdict: "denied",
      rework: true,
      denials: [{ line: 2, code: "11", cents: 4_000, owner: "coding", edits: ["CL11", "CL01", "DX15"] }],
    });
  });

  it("denied in part, when something was paid; and no work for a coder, when the reason is another's", () => {
    expect(judge({ paidCents: 7_000, whole: { adjustments: [reason("22", 4_000)], remarks: [] } })).toMatchObject({
      verdict: "partly-denied",
      rework: false,
    });
  });

  it("the line's own amount where the answer names none, once", () => {
    const lines = [
      {
        sequence: 2,
        adjustments: [
          { list: "CARC" as const, code: "11" },
          { list: "CARC" as const, code: "4" },
        ],
        remarks: [],
      },
    ];
    expect(judge({ lines }).denials.map(({ cents }) => cents)).toEqual([4_000, 0]);
  });

  it("a refusal, also where no reason can be read", () => {
    expect(judge({ outcome: "error" })).toMatchObject({ verdict: "rejected", denials: [{ owner: "billing", cents: 11_000 }] });
  });

  it("documents with a day: the payer's, or 45 days on", () => {
    expect(judge({ outcome: "queued", requests: [{ due: "2026-04-20", codes: ["N706"] }] })).toMatchObject({
      verdict: "documents",
      requests: [{ due: "2026-04-20" }],
    });
    expect(judge({ whole: { adjustments: [reason("252", 11_000)], remarks: ["N706"] } })).toMatchObject({
      verdict: "documents",
      denials: [],
      requests: [{ due: "2026-05-16", codes: ["252", "N706"] }],
    });
  });

  it("a denial somebody looks into, when nothing is paid and nothing says why", () => {
    expect(judge({ paidCents: 0 })).toMatchObject({ verdict: "denied", rework: false, denials: [{ owner: "billing", cents: 11_000 }] });
    expect(judge({ paidCents: 11_000 }).verdict).toBe("accepted");
  });

  it("a reason in clear only where it is a code: words may name a patient", () => {
    const adjustments = [{ list: "CARC" as const, code: "MRS SMITH", group: "SMITH", cents: 100 }];
    const { denials } = judge({ whole: { adjustments, remarks: ["SMITH", "N115"] } });
    expect(denials).toMatchObject([{ code: "other", remarks: ["N115"], owner: "billing" }]);
    expect(JSON.stringify(denials)).not.toContain("SMITH");
  });

  it("nothing for a credit", () => {
    expect(judge({ whole: { adjustments: [reason("11", -500)], remarks: [] } }).denials).toEqual([]);
  });

  it("a line by its number, its control number, or its code and amount when they are of one line only", () => {
    const at = (line: Parameters<typeof lineOf>[1]) => lineOf(claim, line)?.sequence;
    const rest = { adjustments: [], remarks: [] };
    expect([
      at({ sequence: 2, ...rest }),
      at({ control: CHARGE, ...rest }),
      at({ procedure: "J1885", chargedCents: 4_000, ...rest }),
      at({ procedure: "J1885", chargedCents: 1, ...rest }),
    ]).toEqual([2, 1, 2, undefined]);
  });
});

describe("the edit that would have stopped a denial", () => {
  const finding = (rule: string, path: string, severity: Finding["severity"] = "soft"): Finding => ({
    rule,
    path,
    severity,
    message: "",
    fix: "",
    citation: "",
    version: "1",
  });
  const codes = codesOf({
    diagnoses: [{ code: "I10", use: "principal" }],
    lines: [{ procedureCode: "J1885", amountCents: 4_000 }],
    overrides: [{ rule: "PX17", reason: "documented elsewhere" }],
  });

  it("is looked for where the claim's line is in the codes", () => {
    expect([pathOfLine(claim, 1, codes), pathOfLine(claim, 2, codes), pathOfLine(claim, 9, codes)]).toEqual([
      `charges[${CHARGE}]`,
      "lines[0]",
      undefined,
    ]);
    expect(pathOfLine(claim, 1, { ...codes, lines: [{ chargeId: CHARGE, modifiers: [], diagnosisPointers: [] }] })).toBe("lines[0]");
  });

  it("is the one that looks for this reason on this line, before one elsewhere, and none that looks for something else", () => {
    const found = [finding("PX12", "lines[0].modifiers"), finding("PX07", "lines[1].units"), finding("PX07", "lines[0].units")];
    expect(preventionOf({ line: 2, edits: ["PX06", "PX07"] }, claim, codes, found)).toEqual({
      rule: "PX07",
      path: "lines[0].units",
      overridden: false,
    });
    expect(preventionOf({ line: 1, edits: ["PX06", "PX07"] }, claim, codes, found)?.path).toBe("lines[1].units");
    expect(preventionOf({ line: 2, edits: ["CL11"] }, claim, codes, found)).toBeUndefined();
  });

  it("says when a reason had set it aside", () => {
    expect(preventionOf({ line: 2, edits: ["PX17"] }, claim, codes, [finding("PX17", "lines[0].modifiers")])).toMatchObject({
      overridden: true,
    });
  });
});
