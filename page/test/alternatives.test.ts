import assert from "node:assert/strict";
import { test } from "node:test";
import type { Completion } from "sfm2-client";
import { choices, distinct } from "../src/write/alternatives.ts";

const ANSWER = {
  id: "a",
  completion: "one",
  confidence: 0.9,
  modelUsed: "sfm2",
  alternatives: [
    { completion: "two", confidence: 0.5 },
    { completion: " one\n", confidence: 0.4 },
  ],
} as unknown as Completion;

test("all of an answer's completions, each with its own confidence; only the first can be reported on", () => {
  const found = choices({ completion: ANSWER, seconds: 2 });
  assert.deepEqual(
    found.map(({ completion: { id, completion, confidence, modelUsed } }) => [id, completion, confidence, modelUsed]),
    [
      ["a", "one", 0.9, "sfm2"],
      ["", "two", 0.5, "sfm2"],
      ["", " one\n", 0.4, "sfm2"],
    ],
  );
});

test("of those that are alike there is one, and an empty one is no choice", () => {
  const empty = { completion: { ...ANSWER, completion: "  " }, seconds: 1 };
  const left = distinct([empty, ...choices({ completion: ANSWER, seconds: 2 })]);
  assert.deepEqual(
    left.map(({ completion }) => completion.completion),
    ["one", "two"],
  );
});
