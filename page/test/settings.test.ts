import assert from "node:assert/strict";
import { test } from "node:test";
import { asOptions, restored } from "../src/write/settings.ts";

test("what was kept comes back; what is of the wrong kind does not", () => {
  const kept = restored(JSON.stringify({ language: "go", maxTokens: 40, guard: false, tint: "yes", choices: 5 }));
  assert.equal(kept.language, "go");
  assert.equal(kept.maxTokens, 40);
  assert.equal(kept.choices, 5);
  assert.equal(kept.guard, false);
  assert.equal(kept.tint, true);
  for (const text of [
    null,
    "",
    "null",
    "[]",
    "{",
    '{"language": "cobol", "maxTokens": -3, "temperature": 9, "choices": 99}',
  ]) {
    const { language, maxTokens, temperature, choices } = restored(text);
    assert.equal(language, "");
    assert.ok(maxTokens >= 1 && temperature <= 2 && choices >= 2 && choices <= 8, String(text));
  }
});

test("only what is not the server's own is named", () => {
  const chosen = restored(null);
  assert.deepEqual(asOptions(chosen), { maxLength: 96, temperature: 0, logprobs: true });
  const other = asOptions({ ...chosen, language: "go", guard: false, model: "sfm2", adapter: "mine" });
  const { language, guard, model, adapter } = other;
  assert.deepEqual(
    { language, guard, model, adapter },
    { language: "go", guard: false, model: "sfm2", adapter: "mine" },
  );
});
