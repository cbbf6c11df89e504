import assert from "node:assert/strict";
import { test } from "node:test";
import { isOn, switchesIn, toggled } from "../../src/pure/perLanguage";

test("a language is on unless it, or all, are switched off", () => {
  assert.equal(isOn({}, "python"), true);
  assert.equal(isOn({ "*": true, markdown: false }, "markdown"), false);
  assert.equal(isOn({ "*": true, markdown: false }, "python"), true);
  assert.equal(isOn({ "*": false, python: true }, "python"), true);
  assert.equal(isOn({ "*": false, python: true }, "go"), false);
  assert.equal(isOn({ "*": false }, "constructor"), false);
});

test("a language is switched the other way, and back without a trace", () => {
  for (const switches of [{}, { "*": true }, { "*": false }, { "*": true, go: false }, { "*": false, go: true }]) {
    const once = toggled(switches, "markdown");
    assert.equal(isOn(once, "markdown"), !isOn(switches, "markdown"));
    assert.equal(isOn(once, "go"), isOn(switches, "go"));
    assert.deepEqual(toggled(once, "markdown"), switches);
  }
});

test("what has not the right form counts as not set", () => {
  for (const value of [undefined, null, true, "python", ["python"]]) assert.deepEqual(switchesIn(value), {});
  assert.deepEqual(switchesIn({ "*": false, go: "yes" }), { "*": false });
});
