import assert from "node:assert/strict";
import { test } from "node:test";
import { AFTER, BEFORE, type Lines, windowAround } from "../src/window.ts";

/** Counts the lines that were read. */
function counting(lines: string[]): Lines & { read: number } {
  return {
    read: 0,
    lineCount: lines.length,
    lineAt(line) {
      this.read++;
      return lines[line] ?? assert.fail(`there is no line ${line}`);
    },
  };
}

test("a short document is sent whole", () => {
  const window = windowAround(counting(["a", "bcd", "", "e"]), 1, 2);
  assert.deepEqual(window, { prefix: "a\nbc", suffix: "d\n\ne", prefixCut: false, suffixCut: false });
});

test("an empty one is empty", () => {
  assert.deepEqual(windowAround(counting([""]), 0, 0), { prefix: "", suffix: "", prefixCut: false, suffixCut: false });
});

test("of five megabytes only the lines around the cursor are read", () => {
  const lines = counting(Array.from({ length: 100_000 }, (_, index) => `line ${index} ${"x".repeat(40)}`));
  const { prefix, suffix, prefixCut, suffixCut } = windowAround(lines, 50_000, 4);
  assert.ok(lines.read < 2_000, `${lines.read} lines`);
  assert.ok(prefixCut && suffixCut);
  assert.ok(prefix.length <= BEFORE && prefix.length > BEFORE / 2, `${prefix.length}`);
  assert.equal(suffix.length, AFTER);
  assert.match(prefix, /^line \d+ x+\n/);
  assert.ok(prefix.endsWith("\nline"));
  assert.ok(suffix.startsWith(" 50000 "));
});

test("of a line of five megabytes only the part around the cursor is sent", () => {
  const window = windowAround(counting(["x".repeat(5_000_000)]), 0, 2_500_000);
  assert.equal(window.prefix.length, BEFORE);
  assert.equal(window.suffix.length, AFTER);
  assert.ok(window.prefixCut && window.suffixCut);
});

test("half a character, which the server would refuse, is never sent", () => {
  const { prefix, suffix } = windowAround(counting(["😀".repeat(50_000)]), 0, 50_001);
  assert.ok(prefix.isWellFormed() && suffix.isWellFormed());
});
