import assert from "node:assert/strict";
import { test } from "node:test";
import type { Completion, GuardReport } from "sfm2-client";
import { noticeOf } from "../src/notice.ts";
import { answeredBy, guardSays, inSeconds, tokensSay } from "../src/write/saying.ts";

test("who answered, and why not another", () => {
  const fallback = [{ backend: "sfm2", reason: "timed_out", message: "no answer within 30 s" }];
  const completion = { modelUsed: "openai", adapter: null, fallback } as unknown as Completion;
  assert.deepEqual(answeredBy(completion), { who: "openai", why: ["sfm2: timed out. no answer within 30 s"] });
  assert.deepEqual(answeredBy({ ...completion, adapter: "mine", fallback: [] }), {
    who: "openai with mine",
    why: [],
  });
});

test("what the guard did, in words; what it does not know yet as it is", () => {
  const found = { undefined: [], unknown: ["Basket"] };
  const guard = { action: "cut", reasons: ["block_end", "new_reason"], parses: true, ...found, dropped: 1 };
  assert.deepEqual(guardSays(guard as unknown as GuardReport), {
    action: "Cut the end",
    notes: ["the block ends", "new_reason", "1 character dropped", "not in the repository: Basket", "parses in place"],
  });
});

test("times and speeds", () => {
  assert.equal(inSeconds(0.0421), "42 ms");
  assert.equal(inSeconds(1.234), "1.23 s");
  assert.equal(inSeconds(12.34), "12.3 s");
  const completion = { tokens: { prompt: 9, completion: 20 }, processingTime: 0.5, finishReason: "length" };
  assert.deepEqual(tokensSay(completion as unknown as Completion), {
    count: "20 written",
    notes: ["9 read", "40 a second", "ended by max tokens"],
  });
});

test("each trouble is said in words; what is no trouble is not", () => {
  assert.equal(noticeOf({ kind: "ready", model: "sfm2" }, false), null);
  assert.equal(noticeOf({ kind: "offline", reason: "gone" }, false)?.message, "The server does not answer.");
  assert.match(noticeOf({ kind: "wrongKey", reason: "no" }, false)?.message ?? "", /wants an API key/);
  assert.match(noticeOf({ kind: "wrongKey", reason: "no" }, true)?.message ?? "", /does not accept/);
  assert.equal(noticeOf({ kind: "rateLimited", seconds: 6.2 }, true)?.hint, "It is asked again in 7 seconds.");
  assert.deepEqual(noticeOf({ kind: "refused", reason: "it is so", suggestion: "do this" }, true), {
    message: "It is so.",
    hint: "Do this.",
  });
});
