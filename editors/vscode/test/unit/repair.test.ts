import assert from "node:assert/strict";
import { test } from "node:test";
import { note, repaired } from "../../src/pure/repair";

const fault = { message: "'nmae' is\n not defined", lines: ["    greeting = nmae", "    return greeting"] };

test("the model reads what was wrong, in a comment above the hole, at the hole's depth", () => {
  const lines = [
    "    # Wrong, 'nmae' is not defined:",
    "    #   greeting = nmae",
    "    #   return greeting",
    "    # Corrected:",
    "    ",
  ];
  assert.equal(note(fault, "#"), lines.join("\n"));
});

test("a long message is cut", () => {
  assert.ok(note({ message: "x".repeat(10_000), lines: ["y"] }, "//").length < 400);
});

test("the correction has the place of the faulty lines, with their indentation", () => {
  assert.equal(repaired(fault, "greeting = name\n    return greeting\n"), "    greeting = name\n    return greeting");
});

test("nothing, or the same again, is no correction", () => {
  assert.equal(repaired(fault, " \n"), undefined);
  assert.equal(repaired(fault, "greeting = nmae\n    return greeting\n"), undefined);
});
