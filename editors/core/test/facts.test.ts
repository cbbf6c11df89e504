import assert from "node:assert/strict";
import { test } from "node:test";
import type { Explanation } from "sfm2-client";
import { rowsOf } from "../src/facts.ts";

test("of what was read off the code only what there is", () => {
  const push = { kind: "method", name: "Stack.push", line: 5, traits: [], returns: [], changes: ["self.items"] };
  const facts = { ...push, yields: [], raises: ["ValueError"], calls: ["self.items.append"] };
  assert.deepEqual(rowsOf(facts as unknown as Explanation["facts"][number]), [
    ["Raises", ["ValueError"]],
    ["Changes", ["self.items"]],
    ["Calls", ["self.items.append"]],
  ]);
});
