import assert from "node:assert/strict";
import { test } from "node:test";
import { asOptions, restored } from "../src/write/settings.ts";

test("what was kept comes back; what is of the wrong kind does not", () => {
  const kept = restored(JSON.stringify({ language: "go", maxTokens: 40, guard: false, tint: "yes" }));
  assert.equal(kept.language, "go");
  assert.equal(kept.maxTokens, 40);
  assert.equal(kept.guard, false);
  assert.equal(kept.tint, true);
  for (const text of [null, "", "null", "[]", "{", '{"language": "cobol", "maxTokens": -3, "temperature": 9}']) {
    const { language, maxTokens, temperature } = restored(text);
    assert.equal(language, "python");
    assert.ok(maxTokens >= 1 && temperature <= 2, String(text));
  }
});

test("the guard and the adapter are named only where they are not the server's own", () => {
  const chosen = restored(null);
  assert.deepEqual(asOptions(chosen), { language: "python", maxLength: 96, temperature: 0, logprobs: true });
  const other = asOptions({ ...chosen, guard: false, adapter: "mine" });
  assert.equal(other.guard, false);
  assert.equal(other.adapter, "mine");
});
