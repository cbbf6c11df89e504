import assert from "node:assert/strict";
import { test } from "node:test";
import { type Excerpt, excerptOf, fitting, sizeOf, without } from "../src/excerpt.ts";
import { linesIn, numbered } from "./lines.ts";

function excerpt(text: string, first: number, last: number): Excerpt {
  return excerptOf({ path: "a.py", file: "/a.py", lines: linesIn(text) }, { first, last }) ?? assert.fail();
}

test("lines are numbered from 1, and empty ones at the ends are left out", () => {
  const { text, first, last } = excerpt("\n\na\n\nb\n\n", 0, 6);
  assert.deepEqual({ text, first, last }, { text: "a\n\nb", first: 3, last: 5 });
});

test("what reaches beyond the file ends with it", () => {
  const { first, last } = excerpt(numbered("x", 3), -4, 99);
  assert.deepEqual([first, last], [1, 3]);
});

for (const [what, text] of [
  ["nothing but space", " \n\n"],
  ["a file that is not text", "a\0b"],
] as const) {
  test(`${what} is no excerpt`, () => {
    assert.equal(excerptOf({ path: "a", file: "/a", lines: linesIn(text) }, { first: 0, last: 9 }), undefined);
  });
}

test("no line is shown twice: the longest part that is new is left", () => {
  const all = excerpt(numbered("x", 20), 0, 19);
  const rest = without(all, [excerpt(numbered("x", 20), 4, 6), { ...all, file: "/another.py" }]) ?? assert.fail();
  assert.deepEqual([rest.first, rest.last], [8, 20]);
  assert.equal(rest.text.split("\n")[0], "x_8");
  assert.equal(without(all, [all]), undefined);
});

test("the best that fit are kept, the last of them cut after a line", () => {
  const long = excerpt(numbered("long", 100), 0, 99);
  for (let room = 0; room < 2 * sizeOf(long); room += 7) {
    const kept = fitting([long, { ...long, file: "/b.py" }], room);
    assert.ok(kept.reduce((sum, one) => sum + sizeOf(one), 0) <= room);
    for (const one of kept) {
      assert.ok(long.text.startsWith(one.text));
      assert.equal(one.text.split("\n").length, one.last - one.first + 1);
    }
  }
  assert.equal(fitting([long], 50).length, 0, "too little is not worth its name");
});
