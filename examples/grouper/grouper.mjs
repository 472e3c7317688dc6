#!/usr/bin/env node
// Stands where a licensed grouper stands: one JSON request on stdin, one JSON answer on stdout. It knows two DRGs and says so of all others.
import { text } from "node:stream/consumers";

const { principal, secondary } = JSON.parse(await text(process.stdin));
const MAJOR = ["J9601", "N179", "A419"];
const severe = secondary.some(({ code }) => MAJOR.includes(code));
const drg = principal?.code === "J189" ? (severe ? "193" : "195") : principal?.code === "K3580" ? "399" : undefined;
process.stdout.write(
  JSON.stringify(drg === undefined ? { error: "this example knows pneumonia and appendicitis only" } : { kind: "MS-DRG", code: drg, version: "example" }),
);
