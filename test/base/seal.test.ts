import { createHmac, randomBytes } from "node:crypto";
import fc from "fast-check";
import { expect, it } from "vitest";
import { keyedDigest } from "#src/base/seal.ts";

it("a blind index is HMAC-SHA-256 as RFC 2104 has it, for any key and text", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 64 }), fc.string({ maxLength: 200 }), (length, text) => {
      const key = randomBytes(length);
      const digest = keyedDigest(key);
      digest("another text before");
      expect(digest(text).toString("hex")).toBe(createHmac("sha256", key).update(text).digest("hex"));
    }),
  );
});
