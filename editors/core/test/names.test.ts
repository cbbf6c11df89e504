import assert from "node:assert/strict";
import { test } from "node:test";
import { definitionIn, namesNear } from "../src/names.ts";
import { linesIn } from "./lines.ts";

/** The names near the mark ‸. */
function near(text: string, most = 9): string[] {
  const at = text.indexOf("‸");
  const above = text.slice(0, at).split("\n");
  return namesNear(linesIn(text.replace("‸", "")), above.length - 1, above.at(-1)?.length ?? 0, most).map(
    ({ name }) => name,
  );
}

test("what is imported and members of others come first, then the nearest", () => {
  const text = "from model import Cart\n\ndef total(cart: Cart):\n    amount = cart.positions\n    rounded = ‸\n";
  assert.deepEqual(near(text, 6), ["positions", "Cart", "model", "rounded", "cart", "amount"]);
});

test("own members, keywords, texts, comments and the word being written are none", () => {
  const text = 'x = 1\nreturn self.own  # not this\nprint("nor that")\nres‸';
  assert.deepEqual(near(text), ["print", "own"]);
});

test("a name is where it stands", () => {
  assert.deepEqual(namesNear(linesIn("a = '…'\nb = make(“”, thing)\n"), 2, 0, 9), [
    { name: "thing", line: 1, character: 13 },
    { name: "make", line: 1, character: 4 },
  ]);
});

const DEFINITIONS: [string, string, number][] = [
  ["a Python function", "def f(x):\n    y = x\n\n    return y\n\nz = 1\n", 3],
  ["one with its parameters below", "def f(\n    x: int,\n) -> int:\n    return x\n\nz = 1\n", 3],
  ["a JavaScript function", "function f() {\n  return 1;\n}\nf();\n", 2],
  ["a line", "LIMIT = 3\nOTHER = 4\n", 0],
  ["the last line", "LIMIT = 3", 0],
  ["a class that is long", `class A:\n${"    x = 1\n".repeat(99)}`, 24],
];

for (const [what, text, last] of DEFINITIONS) {
  test(`${what} is a definition as far as it goes`, () => {
    assert.deepEqual(definitionIn(linesIn(text), { first: 0, last: 0 }), { first: 0, last });
  });
}

test("where the language service knows the end it is that", () => {
  assert.deepEqual(definitionIn(linesIn("a\nb\nc\nd\n"), { first: 1, last: 2 }), { first: 1, last: 2 });
});

test("a text that is not closed yet, with many escapes, takes no time", () => {
  const began = performance.now();
  assert.deepEqual(near(`x = b"${"\\n".repeat(5_000)}‸`), []);
  assert.ok(performance.now() - began < 5_000);
});
