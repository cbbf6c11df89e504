import assert from "node:assert/strict";
import { test } from "node:test";
import { completion } from "../../../core/test/completion";
import { othersThan } from "../../src/pure/choices";

function answer(first: string, ...others: string[]) {
  const whole = completion(first);
  return { ...whole, alternatives: others.map((text) => ({ ...whole, completion: text })) };
}

test("what is shown already, what comes twice and what is empty is no other choice", () => {
  assert.deepEqual(othersThan("a + b", answer("a + b", "a - b", "a - b\n", "", "  ", "b + a")), ["a - b", "b + a"]);
  assert.deepEqual(othersThan("a + b", answer("a * b", "a + b ")), ["a * b"]);
  assert.deepEqual(othersThan("a", answer("a", "a")), []);
});
