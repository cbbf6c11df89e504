import assert from "node:assert/strict";
import { test } from "node:test";
import type { Health } from "sfm2-client";
import { mayAsk, nextCheck, type State, stateOfFailedProbe, stateOfFailure, stateOfHealth } from "../src/state.ts";

type Status = Health["modelStatus"][string];
type Backend = Health["backends"][string];

/** What a server with these backends reports. */
function health(status: Health["status"], backends: Record<string, Partial<Backend> & { status: Status }>): Health {
  const details = Object.entries(backends).map(([name, { reason }]) => [name, reason ?? ""] as const);
  return {
    status,
    modelStatus: Object.fromEntries(Object.entries(backends).map(([name, one]) => [name, one.status])),
    modelDetails: Object.fromEntries(details),
    backends: Object.fromEntries(Object.entries(backends).map(([name, one]) => [name, { reason: "", ...one }])),
    timestamp: "2026-01-01T00:00:00Z",
    version: "0.1.0",
  };
}

test("a healthy server is ready, and the model is named", () => {
  const found = health("healthy", { sfm2: { status: "available", model: "qwen2.5-coder-0.5b", device: "CPU" } });
  assert.deepEqual(stateOfHealth(found), { kind: "ready", model: "qwen2.5-coder-0.5b" });
});

test("a model that is not named goes by its backend, also on a server that does not report backends", () => {
  const found = health("healthy", { sfm2: { status: "available", reason: "qwen2.5-coder-0.5b on CPU" } });
  assert.deepEqual(stateOfHealth(found), { kind: "ready", model: "sfm2" });
  assert.deepEqual(stateOfHealth({ ...found, backends: {} }), { kind: "ready", model: "sfm2" });
});

test("while the model loads, the reason and the progress are told", () => {
  const found = health("degraded", {
    sfm2: { status: "loading", reason: "converting", progress: 0.4 },
    openai: { status: "not_configured" },
  });
  assert.deepEqual(stateOfHealth(found), { kind: "loading", reason: "converting", progress: 0.4 });
  assert.deepEqual(stateOfHealth({ ...found, backends: {} }), {
    kind: "loading",
    reason: "converting",
    progress: null,
  });
});

test("another backend that answers in the meantime is named, with the reason", () => {
  const found = health("degraded", {
    sfm2: { status: "loading", reason: "loading weights" },
    openai: { status: "configured", model: "gpt-4o-mini" },
  });
  assert.deepEqual(stateOfHealth(found), { kind: "degraded", model: "gpt-4o-mini", reason: "loading weights" });
});

test("where nothing can answer every reason is given", () => {
  const found = health("unhealthy", { sfm2: { status: "unavailable", reason: "no weights: run `sfm2 models pull`" } });
  assert.deepEqual(stateOfHealth(found), { kind: "unavailable", reason: "sfm2: no weights: run `sfm2 models pull`" });
});

test("where the model could answer, but the keys can't be checked, that is the reason", () => {
  const found = health("unhealthy", { sfm2: { status: "available", reason: "qwen2.5-coder-0.5b on CPU" } });
  const storage = "the server's store can't be used: another process has locked it";
  assert.deepEqual(stateOfHealth({ ...found, storage }), { kind: "unavailable", reason: storage });
});

const FAILURES: [string, State["kind"], boolean][] = [
  ["connection_failed", "offline", false],
  ["timeout", "slow", true],
  ["unauthorized", "wrongKey", false],
  ["rate_limit_exceeded", "rateLimited", false],
  ["storage_unavailable", "unavailable", false],
  ["model_unavailable", "unavailable", false],
  ["not_found", "foreign", false],
  ["internal_error", "failed", true],
  ["adapter_error", "refused", true],
  ["invalid_request", "refused", true],
  ["forbidden", "refused", true],
  ["a_code_of_a_newer_server", "refused", true],
];

for (const [code, kind, asks] of FAILURES) {
  test(`${code}: ${kind}, and a key press ${asks ? "asks again" : "does not ask"}`, () => {
    const state = stateOfFailure({ code, message: "why", suggestion: "do this" });
    assert.equal(state.kind, kind);
    assert.equal(mayAsk(state), asks);
  });
}

test("a server that is away is checked ever less often, down to every 15 seconds", () => {
  const away: State = { kind: "offline", reason: "" };
  const waits = [0, 1, 2, 3, 4, 50].map((checks) => nextCheck(away, checks));
  assert.deepEqual(waits, [1, 2, 4, 8, 15, 15]);
});

test("a rate limit is waited for as long as the server says", () => {
  assert.equal(
    nextCheck(stateOfFailure({ code: "rate_limit_exceeded", message: "", suggestion: "", retryAfter: 42 }), 9),
    42,
  );
});

test("a proxy that can't reach the server is not the server's failure", () => {
  const failure = { code: "internal_error", message: "why", suggestion: "" };
  assert.equal(stateOfFailure({ ...failure, status: 502 }).kind, "unavailable");
  assert.equal(stateOfFailure({ ...failure, status: 500 }).kind, "failed");
  assert.equal(stateOfFailedProbe({ ...failure, status: 200 }).kind, "foreign");
  assert.equal(stateOfFailedProbe({ ...failure, status: 504 }).kind, "unavailable");
});
