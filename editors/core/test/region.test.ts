import assert from "node:assert/strict";
import { test } from "node:test";
import { HELD, Held, regionOf } from "../src/region.ts";
import { linesIn } from "./lines.ts";

test("a region begins with a line that is not indented and no closer", () => {
  const lines = linesIn("import a\n\nfunction f() {\n  x\n}\n  y\nlast\n");
  assert.deepEqual(
    [0, 1, 2, 3, 5, 6, 7].map((line) => regionOf(lines, line)),
    ["", "import a", "import a", "function f() {", "function f() {", "function f() {", "last"],
  );
});

test("what was made stays while the cursor is there, for some time", () => {
  let now = 0;
  let made = 0;
  const held = new Held<number>(() => now);
  const of = (region: string, whole = true) => held.of(region, whole, () => ++made);
  assert.deepEqual([of("f"), of("f"), of("f")], [1, 1, 1]);
  now = HELD - 1;
  assert.equal(of("f"), 1);
  now = HELD;
  assert.ok(held.isDue("f"));
  assert.equal(of("f"), 2);
  assert.equal(of("g"), 3);
  held.leave();
  assert.equal(of("g"), 4);
});

test("what comes late is taken in once, and does not make it last longer", () => {
  let now = 0;
  let made = 0;
  const held = new Held<number>(() => now);
  const of = (whole: boolean) => held.of("f", whole, () => ++made);
  assert.deepEqual([of(false), of(false), of(true), of(true), of(false)], [1, 1, 2, 2, 2]);
  now = HELD;
  assert.ok(held.isDue("f"));
});
