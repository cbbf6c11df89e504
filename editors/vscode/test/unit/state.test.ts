import assert from "node:assert/strict";
import { test } from "node:test";
import { type Health, mayAsk, nextCheck, type State, stateOfFailure, stateOfHealth } from "../../src/core/state";

function health(more: Partial<Health>): Health {
  return { status: "healthy", models: { sfm2: "available" }, details: { sfm2: "qwen2.5-coder-0.5b on CPU" }, ...more };
}

test("a healthy server is ready, and the model is named", () => {
  assert.deepEqual(stateOfHealth(health({})), { kind: "ready", model: "qwen2.5-coder-0.5b" });
});

test("a model somewhere else goes by its backend's name", () => {
  const found = stateOfHealth(health({ details: { sfm2: "the server at http://127.0.0.1:8080" } }));
  assert.deepEqual(found, { kind: "ready", model: "sfm2" });
});

test("while the model loads, it says how far it is", () => {
  const found = health({
    status: "degraded",
    models: { sfm2: "loading", openai: "not_configured" },
    details: { sfm2: "converting, 40 %" },
  });
  assert.deepEqual(stateOfHealth(found), { kind: "loading", reason: "converting, 40 %" });
});

test("another backend that answers meanwhile is named, with the reason", () => {
  const found = health({
    status: "degraded",
    models: { sfm2: "loading", openai: "configured" },
    details: { sfm2: "loading weights" },
  });
  assert.deepEqual(stateOfHealth(found), { kind: "degraded", model: "openai", reason: "loading weights" });
});

test("where nothing can answer every reason is told", () => {
  const found = health({
    status: "unhealthy",
    models: { sfm2: "unavailable" },
    details: { sfm2: "no weights: run `sfm2 models pull`" },
  });
  assert.deepEqual(stateOfHealth(found), { kind: "unavailable", reason: "sfm2: no weights: run `sfm2 models pull`" });
});

const FAILURES: [string, State["kind"], boolean][] = [
  ["connection_failed", "offline", false],
  ["timeout", "slow", true],
  ["unauthorized", "wrongKey", false],
  ["rate_limit_exceeded", "rateLimited", false],
  ["model_unavailable", "unavailable", false],
  ["not_found", "foreign", false],
  ["internal_error", "failed", true],
  ["adapter_error", "refused", true],
  ["invalid_request", "refused", true],
  ["a_code_of_a_newer_server", "refused", true],
];

for (const [code, kind, asks] of FAILURES) {
  test(`${code}: ${kind}, and a key press ${asks ? "asks again" : "asks in vain"}`, () => {
    const state = stateOfFailure({ code, message: "why" });
    assert.equal(state.kind, kind);
    assert.equal(mayAsk(state), asks);
  });
}

test("a server that is away is looked for ever more seldom, up to every 15 seconds", () => {
  const away: State = { kind: "offline", reason: "" };
  const waits = [0, 1, 2, 3, 4, 50].map((checks) => nextCheck(away, checks));
  assert.deepEqual(waits, [1, 2, 4, 8, 15, 15]);
});

test("a rate limit is waited for as long as the server says", () => {
  assert.equal(nextCheck(stateOfFailure({ code: "rate_limit_exceeded", message: "", retryAfter: 42 }), 9), 42);
});
