import type { Encounter } from "@medplum/fhirtypes";
import type { Charted } from "./line.ts";

/** Always the same numbers for the same seed (mulberry32). */
export function chanceOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** What may happen to one account, one thing at a time. */
export const HAPPENINGS = [
  "phone",
  "insurance",
  "birth-date",
  "transfer",
  "class",
  "charge",
  "surgical-charge",
  "credit",
  "note",
  "operative-note",
  "pathology",
  "person",
  "stale-admit",
  "corrected-discharge",
  "discharge-taken-back",
  "hold",
  "lift",
  "code",
  "confirm",
  "release",
  "cancel",
] as const;
export type Happening = "register" | "admit" | "discharge" | (typeof HAPPENINGS)[number];

/** The story of one account: charges and notes may come before the patient does, and anything may come after the claim. */
export function storyOf(chance: () => number): readonly Happening[] {
  const pick = (from: readonly Happening[], most: number): readonly Happening[] =>
    Array.from({ length: Math.floor(chance() * (most + 1)) }, () => from[Math.floor(chance() * from.length)] ?? "phone");
  const news: readonly Happening[] = [
    "phone",
    "insurance",
    "birth-date",
    "transfer",
    "class",
    "charge",
    "surgical-charge",
    "credit",
    "note",
    "pathology",
    "person",
  ];
  const story: Happening[] = [...pick(["charge", "note"], 1)];
  if (chance() < 0.4) story.push("register");
  if (chance() < 0.92) story.push("admit", ...pick(news, 3));
  if (chance() < 0.9) story.push("discharge", ...pick([...news, "stale-admit", "operative-note"], 3));
  story.push(
    ...pick(
      HAPPENINGS.filter((one) => one !== "cancel"),
      9,
    ),
  );
  if (chance() < 0.15) story.push("cancel");
  return story;
}

/**
 * What becomes of an account's work, as a coding supervisor would say it: an own, small account of the rules, which knows nothing of the
 * engine's tables.
 */
export class Expectation {
  visit: "none" | "expected" | "here" | "gone" | "cancelled" = "none";
  work: "none" | "coded" | "out" = "none";
  again = false;
  held = false;
  charged = false;
  net = 0;
  status = false;
  merged = false;
  surgical = false;
  klass = "IMP";
  /** A claim went out at some time: it can only be replaced or voided. */
  claimed = false;

  state(): string {
    if (this.merged) return "MERGED";
    if (this.visit === "cancelled" && !this.status) return "CANCELLED";
    if (this.work === "none" || this.again) {
      if (this.work === "none") {
        if (this.visit === "expected") return "EXPECTED";
        if (this.visit === "here" || this.visit === "none") return "OPEN";
      }
      if (this.held || this.status) return "HELD";
      return this.again ? "RECODE" : "READY";
    }
    return this.work === "coded" ? "FINAL_CODED" : "RELEASED";
  }
  /** Somebody has to look again at what is coded. */
  private look(): void {
    if (this.work !== "none") this.again = true;
  }

  apply(what: Happening): void {
    if (what === "register" && this.visit === "none") this.visit = "expected";
    else if (what === "admit") this.visit = "here";
    else if (what === "discharge") this.visit = "gone";
    else if (what === "charge" || what === "surgical-charge") {
      this.net += what === "charge" ? 10 : 1_000;
      if (what === "surgical-charge") this.look();
    } else if (what === "credit") this.net -= 5;
    else if (what === "birth-date" || what === "pathology" || what === "operative-note") this.look();
    else if (what === "class") {
      this.klass = this.klass === "IMP" ? "EMER" : "IMP";
      if (this.visit !== "none") this.look();
    } else if (what === "discharge-taken-back" && this.visit === "gone") {
      if (this.claimed) this.status = true;
      else {
        this.visit = "here";
        this.work = "none";
        this.again = false;
      }
    } else if (what === "hold") this.held = true;
    else if (what === "lift") this.held = false;
    else if (what === "code" && (this.state() === "READY" || this.state() === "RECODE")) {
      this.work = "coded";
      this.again = false;
    } else if (what === "confirm" && this.state() === "RECODE") {
      this.again = false;
    } else if (what === "release" && this.state() === "FINAL_CODED" && !this.held && !this.status) {
      this.work = "out";
      this.claimed = true;
    } else if (what === "cancel" && this.visit !== "none") {
      const waits = this.claimed || (this.work === "none" && this.visit === "gone" && this.net !== 0);
      this.visit = "cancelled";
      if (waits) this.status = true;
      else {
        this.status = false;
        this.work = "none";
        this.again = false;
      }
    }
  }
}

const END = "2026-03-03T10:00:00Z";
/** The visit as the EHR has it. */
export const visitOf = (account: string, id: string, change: Partial<Encounter>): Charted => ({
  resourceType: "Encounter",
  id,
  status: "in-progress",
  class: { code: "IMP" },
  subject: { reference: `Patient/${account}` },
  period: { start: "2026-03-01T10:00:00Z", ...(change.status === "finished" ? { end: END } : {}) },
  ...change,
});
