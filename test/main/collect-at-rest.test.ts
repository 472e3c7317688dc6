import { it, vi } from "vitest";
import { collectAtRest } from "#src/main/collect-at-rest.ts";

it("a thread at rest gives back what it has no more use for", async () => {
  const worked = collectAtRest(1);
  const garbage = new WeakRef({ of: "a message" });
  worked();
  await vi.waitUntil(() => garbage.deref() === undefined, { interval: 5 });
});
