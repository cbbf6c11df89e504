import assert from "node:assert/strict";
import { test } from "node:test";
import { commentAt } from "../../src/pure/comment";

function at(text: string, line: number): ReturnType<typeof commentAt> {
  const lines = text.split("\n");
  return commentAt({ lineCount: lines.length, lineAt: (index) => lines[index] ?? "" }, line);
}

test("all lines of a comment are it, wherever the cursor is in it", () => {
  const text = "x = 1\n    # sorts a list\n    # in place\ny = 2";
  const expected = { first: 1, last: 2, indent: "    " };
  assert.deepEqual(at(text, 1), expected);
  assert.deepEqual(at(text, 2), expected);
});

for (const line of [
  "// a stack",
  "-- all users",
  "/* a stack */",
  " * a stack",
  "<!-- a table -->",
  "% a stack",
  '"""A stack."""',
]) {
  test(`${line} is a comment`, () => assert.ok(at(line, 0)));
}

for (const line of ["x = 1", "#!/bin/sh", "", "return a // b"]) {
  test(`${JSON.stringify(line)} is none`, () => assert.equal(at(line, 0), undefined));
}
