import assert from "node:assert/strict";
import { test } from "node:test";
import { Refused, Unreachable } from "../src/api/errors.ts";
import { errorOf } from "../src/api/server.ts";
import { troubleOf } from "../src/api/trouble.ts";
import type { Completion } from "../src/api/wire.ts";
import { answeredBy, guardSays, inSeconds, tokensSay } from "../src/write/saying.ts";

test("who answered, and why not another", () => {
  const fallback = [{ backend: "sfm2", reason: "timed_out", message: "no answer within 30 s" }];
  const completion = { model_used: "openai", adapter: null, fallback } as unknown as Completion;
  assert.deepEqual(answeredBy(completion), { who: "openai", why: ["sfm2: timed out. no answer within 30 s"] });
  assert.deepEqual(answeredBy({ ...completion, adapter: "mine", fallback: [] }), {
    who: "openai with mine",
    why: ["the first of the chain"],
  });
});

test("what the guard did, in words; what it does not know yet as it is", () => {
  const guard = { action: "cut", reasons: ["block_end", "new_reason"], parses: true, undefined: [], dropped: 1 };
  assert.deepEqual(guardSays(guard as unknown as Completion["guard"]), {
    action: "Cut the end",
    notes: ["the block ends", "new_reason", "1 character dropped", "parses in place"],
  });
});

test("times and speeds", () => {
  assert.equal(inSeconds(0.0421), "42 ms");
  assert.equal(inSeconds(1.234), "1.23 s");
  assert.equal(inSeconds(12.34), "12.3 s");
  const completion = { tokens: { prompt: 9, completion: 20 }, processing_time: 0.5, finish_reason: "length" };
  assert.deepEqual(tokensSay(completion as unknown as Completion), {
    count: "20 written",
    notes: ["9 read", "40 a second", "ended by max tokens"],
  });
});

test("an error's body is ours, OpenAI's, or a proxy's page", () => {
  assert.equal(errorOf('{"error": "x", "message": "no", "suggestion": "do"}', 422).suggestion, "do");
  assert.equal(errorOf('{"error": {"message": "no such key"}}', 401).message, "no such key");
  assert.equal(errorOf("<html>Bad gateway</html>", 502).message, "The server answered with status 502.");
});

test("trouble is told by its kind", () => {
  const refused = (status: number, after: number | null = null) =>
    new Refused(status, { error: "x", message: "it is so", suggestion: "do this", details: {} }, after);
  assert.equal(troubleOf(new Unreachable("gone"), false).kind, "offline");
  assert.match(troubleOf(refused(401), false).message, /wants an API key/);
  assert.match(troubleOf(refused(401), true).message, /does not accept/);
  assert.equal(troubleOf(refused(429, 7), true).hint, "It is asked again in 7 seconds.");
  assert.equal(troubleOf(refused(429), true).wait, 10);
  assert.equal(troubleOf(refused(503, 1), true).kind, "unavailable");
  assert.deepEqual(troubleOf(refused(413), true), { kind: "request", message: "It is so.", hint: "Do this.", wait: 0 });
});
