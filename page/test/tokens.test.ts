import assert from "node:assert/strict";
import { test } from "node:test";
import type { Completion } from "sfm2-client";
import { Received } from "sfm2-editor-core";
import { type Stretch, stretches } from "../src/editor/tokens.ts";
import { firstWord } from "../src/editor/word.ts";

const tokens = [
  { text: "return", logprob: Math.log(0.95) },
  { text: " x", logprob: Math.log(0.7) },
  { text: " + y", logprob: Math.log(0.4) },
  { text: " z", logprob: Math.log(0.1) },
  { text: ")", logprob: null },
];
const text = "return x + y z)";

/** Of a completion whose first `typed` characters have been typed. */
function shown(completion: string, logprobs: Completion["logprobs"], confidence: number, typed: number): Stretch[] {
  const received = Received.of({ completion, logprobs, confidence } as Completion, 0);
  return stretches({ received, typed, text: completion.slice(typed) });
}

test("each token has the degree of its probability", () => {
  const found = shown(text, tokens, 0.5, 0);
  assert.deepEqual(
    found.map(({ doubt }) => doubt),
    [0, 1, 2, 3, "closed"],
  );
  assert.equal(found.map((one) => one.text).join(""), text);
  assert.equal(found[1]?.title, "0.70");
});

test("what is typed already is left out, also in the middle of a token", () => {
  const found = shown(text, tokens, 0.5, 7);
  assert.deepEqual(
    found.map((one) => one.text),
    ["x", " + y", " z", ")"],
  );
});

test("what the text leaves out at its end is left out", () => {
  const received = Received.of({ completion: text, logprobs: tokens, confidence: 0.5 } as Completion, 0);
  const found = stretches({ received, typed: 7, text: "x + y z" });
  assert.deepEqual(
    found.map((one) => one.text),
    ["x", " + y", " z"],
  );
});

test("without tokens, or with others than the text's, all of it has the degree of the confidence", () => {
  for (const told of [null, undefined, [{ text: "re", logprob: -1 }]]) {
    assert.deepEqual(shown("return x", told, 0.65, 7), [{ text: "x", doubt: 1, title: "as a whole 0.65" }]);
  }
  assert.deepEqual(shown("", null, 0.9, 0), []);
});

test("a word is taken with the space before it, signs by the run", () => {
  assert.equal(firstWord("(n: int)"), "(");
  assert.equal(firstWord("naïve_name2 = 1"), "naïve_name2");
  assert.equal(firstWord("\n    return x"), "\n    return");
  assert.equal(firstWord(" >= 1"), " >=");
  assert.equal(firstWord("\n\n"), "\n\n");
  assert.equal(firstWord("名前 = 1"), "名前");
});
