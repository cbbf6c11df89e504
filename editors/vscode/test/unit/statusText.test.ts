import assert from "node:assert/strict";
import { test } from "node:test";
import type { State } from "sfm2-editor-core";
import { type Situation, sourcesText, statusText } from "../../src/pure/statusText";

const situation: Situation = {
  state: { kind: "ready", model: "qwen2.5-coder-0.5b" },
  url: "http://127.0.0.1:8000",
  automatic: true,
  languageOff: undefined,
  hasKey: false,
  asking: false,
  adapter: undefined,
  local: true,
  sources: [],
};

test("model and adapter are named", () => {
  assert.equal(statusText(situation).text, "qwen2.5-coder-0.5b");
  assert.equal(statusText({ ...situation, adapter: "mine" }).text, "qwen2.5-coder-0.5b + mine");
});

test("a request that runs is shown, by the icon alone", () => {
  const said = statusText({ ...situation, asking: true });
  assert.deepEqual([said.icon, said.text], ["loading~spin", "qwen2.5-coder-0.5b"]);
});

const TROUBLES: State[] = [
  { kind: "degraded", model: "openai", reason: "why" },
  { kind: "offline", reason: "why" },
  { kind: "foreign", reason: "why" },
  { kind: "wrongKey", reason: "why" },
  { kind: "rateLimited", seconds: 3 },
  { kind: "slow", reason: "why" },
  { kind: "unavailable", reason: "why" },
  { kind: "refused", reason: "why", suggestion: "do this" },
  { kind: "failed", reason: "why" },
];

for (const state of TROUBLES) {
  test(`${state.kind}: says what is wrong and what to do`, () => {
    const said = statusText({ ...situation, state });
    assert.notEqual(said.severity, "none");
    assert.ok(said.detail && said.fix);
  });
}

test("with no server here one can be started; with none elsewhere the address is looked at", () => {
  const state: State = { kind: "offline", reason: "" };
  assert.equal(statusText({ ...situation, state }).command, "sfm2.startServer");
  assert.equal(statusText({ ...situation, state, local: false }).command, "settings");
});

test("a key that is missing is told from one that is wrong", () => {
  const state: State = { kind: "wrongKey", reason: "" };
  assert.equal(statusText({ ...situation, state }).text, "needs a key");
  assert.equal(statusText({ ...situation, state, hasKey: true }).text, "wrong key");
});

test("what is off for a language only says so", () => {
  const said = statusText({ ...situation, automatic: false, languageOff: "markdown" });
  assert.match(said.detail, /off for markdown/);
  assert.match(said.fix, /for this language/);
});

test("off is said while all is well; what is wrong comes first", () => {
  assert.equal(statusText({ ...situation, automatic: false }).text, "off");
  const state: State = { kind: "offline", reason: "" };
  assert.equal(statusText({ ...situation, automatic: false, state }).text, "no server");
});

test("what the model was shown is named, of much the most relevant", () => {
  assert.equal(sourcesText(situation), "");
  assert.equal(sourcesText({ ...situation, sources: ["a.py:1-9"] }), "Shown to the model: a.py:1-9");
  const sources = ["a", "b", "c", "d", "e", "f"];
  assert.equal(sourcesText({ ...situation, sources }), "Shown to the model: a, b, c, d and 2 more");
});
