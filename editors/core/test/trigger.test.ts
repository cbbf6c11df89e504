import assert from "node:assert/strict";
import { test } from "node:test";
import { isWanted, type Mode, modeAt } from "../src/trigger.ts";
import { Document } from "./document.ts";

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
  test(`at ${JSON.stringify(text)}, not invoked: ${mode ?? "nothing"}`, () => {
    const [before = "", after = ""] = text.split("|");
    const place = new Document(before, after).place();
    assert.equal(isWanted(place, false) ? modeAt(place) : undefined, mode);
  });
}

test("invoked, there is a line in the middle of a line too, and a block in an empty file", () => {
  for (const [document, mode] of [
    [new Document("x = ", " + 1"), "line"],
    [new Document(""), "block"],
  ] as const) {
    assert.ok(isWanted(document.place(), true));
    assert.equal(modeAt(document.place()), mode);
  }
});

test("in a binary file nothing is wanted, even if invoked", () => {
  assert.equal(isWanted(new Document("PK\u0003\u0004\0\0").place(), true), false);
});
