import assert from "node:assert/strict";
import { test } from "node:test";
import type { Excerpt } from "../src/excerpt.ts";
import { nameOf, shownOf } from "../src/sources.ts";

const sent = (path: string, first: number): Excerpt => ({
  path,
  file: `/w/${path}`,
  text: "a\nb",
  first,
  last: first + 1,
});
const told = (path: string) => ({ path, first: null, last: null });

test("the most relevant come first, and what was sent has its lines and its file", () => {
  const found = shownOf(
    [{ path: "index.py", first: 3, last: 9 }, told("a.py"), told("a.py")],
    [sent("a.py", 1), sent("a.py", 40)],
  );
  assert.deepEqual(found.map(nameOf), ["a.py:40-41", "a.py:1-2", "index.py:3-9"]);
  assert.deepEqual(
    found.map(({ file }) => file),
    ["/w/a.py", "/w/a.py", undefined],
  );
});

test("where the first were left out the others are still told apart", () => {
  assert.deepEqual(shownOf([told("b.py")], [sent("a.py", 1), sent("b.py", 7)]).map(nameOf), ["b.py:7-8"]);
});

test("what another client sent has no lines", () => {
  assert.deepEqual(shownOf([told("b.py"), { path: "c.py", first: 4, last: 4 }], []).map(nameOf), ["c.py:4", "b.py"]);
});
