import assert from "node:assert/strict";
import { test } from "node:test";
import { type Mode, modeAt } from "../../src/core/midLine";
import { Document } from "./document";

// "|" is the cursor.
const CASES: [string, Mode | undefined][] = [
  ["def f(x):\n    |", "block"],
  ["def f(x):\n    |\n\nprint(1)", "block"],
  ["x = |   \ny = 2", "block"],
  ["print(|)", "line"],
  ["print([1, |])  ", "line"],
  ['name = "|"', "line"],
  ["if (x) {|}", "block"],
  ["foo({|})", "block"],
  ["call(a, |);", "line"],
  ["ret|urn x", undefined],
  ["x = | + 1", undefined],
  ["|", undefined],
  ["\n  \n|\n", undefined],
];

for (const [text, mode] of CASES) {
  test(`at ${JSON.stringify(text)} unasked: ${mode ?? "nothing"}`, () => {
    const [before = "", after = ""] = text.split("|");
    assert.equal(modeAt(new Document(before, after).place(), false), mode);
  });
}

test("whoever asks gets a line in mid-line too, and something in an empty file", () => {
  assert.equal(modeAt(new Document("x = ", " + 1").place(), true), "line");
  assert.equal(modeAt(new Document("").place(), true), "block");
});

test("a binary file gets nothing, even if asked", () => {
  assert.equal(modeAt(new Document("PK\u0003\u0004\0\0").place(), true), undefined);
});
