/** The client against the real service. */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import * as sfm2 from "../src/index.js";
import { texts, thrown } from "./expect.js";
import { Service } from "./service.js";

const { SFM2Client } = sfm2;
let service: Service;
let client: sfm2.SFM2Client;

before(async () => {
  service = await Service.start();
  client = new SFM2Client({ apiUrl: service.url });
});
after(() => service.stop());

describe("generate", () => {
  test("goes on from a prompt", async () => {
    const result = await client.generate("x\necho: one two", { maxLength: 1, language: "markdown" });
    assert.equal(result.completion, " one");
    assert.equal(result.generatedCode, "x\necho: one two one");
    assert.equal(result.modelUsed, "echo");
    assert.equal(result.finishReason, "length");
    assert.ok(result.confidence > 0 && result.confidence <= 1);
    assert.ok(result.processingTime >= 0);
    assert.ok(result.id);
    assert.equal(result.tokens.completion, 1);
    assert.deepEqual(result.fallback, []);
  });

  test("takes every setting that the server knows", async () => {
    const result = await client.generate("x\necho:a b c d", {
      maxLength: 3,
      temperature: 0.8,
      topP: 0.9,
      topK: 50,
      repetitionPenalty: 1.1,
      stop: ["d"],
      seed: Number.MAX_SAFE_INTEGER,
      n: 2,
      mode: "free",
      guard: false,
      features: true,
      logprobs: true,
      language: "text",
      suffix: "\nz",
      useFallback: false,
      adapter: null,
    });
    assert.equal(result.completion, "a b c");
    assert.equal(result.alternatives.length, 1);
    assert.equal(result.guard.action, "off");
    assert.deepEqual(result.logprobs?.[0], { text: "a", logprob: -0.1 });
    assert.ok(result.features && "mean_logprob" in result.features, "names that are data keep their form");
  });

  test("says it in any script", async () => {
    const said = "Grüße 你好 🦊 👩‍👩‍👧";
    assert.equal((await client.generate(`x\necho:${said}`, { language: "text" })).completion, said);
  });
});

describe("complete", () => {
  const hole = { prefix: "x = 1\necho:2", suffix: "\ny = 3\n" };

  test("takes an object", async () => {
    const result = await client.complete({ ...hole, path: "a.py", maxLength: 5 });
    assert.equal(result.completion, "2");
    assert.notEqual(result.guard.action, "off", "the path says that it is Python");
  });

  test("takes prefix and suffix", async () => {
    assert.equal((await client.complete(hole.prefix, hole.suffix, { path: "a.py" })).completion, "2");
    assert.equal((await client.complete(hole.prefix, { suffix: hole.suffix, path: "a.py" })).completion, "2");
    assert.equal((await client.complete(hole.prefix)).completion, "2");
  });

  test("takes code of other files, and a time limit", async () => {
    const context: sfm2.Snippet[] = [{ text: "def helper(): ...", path: "b.py" }];
    assert.equal((await client.complete({ ...hole, context, timeLimit: 5 })).completion, "2");
  });
});

describe("generateStream", () => {
  test("gives chunks, then the whole", async () => {
    const stream = client.generateStream("x\necho:a b 🦊", { guard: false });
    assert.deepEqual(await texts(stream), ["a", " b", " 🦊"]);
    assert.equal(stream.result?.completion, "a b 🦊");
    assert.equal(stream.result?.modelUsed, "echo");
  });

  test("can be asked for the whole alone", async () => {
    assert.equal((await client.generateStream("x\necho:a b c").completion()).completion, "a b c");
  });

  test("left early ends", async () => {
    const stream = client.generateStream("x\necho-slow:a b c d e f g h", { guard: false });
    for await (const chunk of stream) {
      assert.equal(chunk.text, "a");
      break;
    }
    assert.equal(stream.result, undefined);
    assert.deepEqual(await texts(stream), []);
    await thrown(sfm2.StreamInterruptedError, stream.completion());
    assert.equal((await client.generate("x\necho:free")).completion, "free");
  });

  test("throws what an ordinary request would", async () => {
    const error = await thrown(sfm2.InvalidRequestError, texts(client.generateStream("x", { temperature: 9 })));
    assert.match(error.message, /temperature/);
  });
});

describe("completeStream", () => {
  test("gives chunks, then the whole", async () => {
    const stream = client.completeStream("x\necho:a b 🦊", { guard: false });
    assert.deepEqual(await texts(stream), ["a", " b", " 🦊"]);
    assert.equal(stream.result?.completion, "a b 🦊");
  });

  test("names a hole as complete does", async () => {
    const hole = { prefix: "x = 1\necho:2", suffix: "\ny = 3\n" };
    for (const stream of [
      client.completeStream({ ...hole, path: "a.py" }),
      client.completeStream(hole.prefix, { suffix: hole.suffix, path: "a.py" }),
      client.completeStream(hole.prefix, hole.suffix, { path: "a.py" }),
    ]) {
      const { completion, guard } = await stream.completion();
      assert.equal(completion, "2");
      assert.notEqual(guard.action, "off", "the path says that it is Python");
    }
  });
});

describe("explainStream", () => {
  test("gives chunks, then the whole", async () => {
    const stream = client.explainStream("x\necho: some  words ", { maxLength: 20 });
    const chunks = await texts(stream);
    assert.ok(chunks.length > 1);
    assert.equal(chunks.join(""), stream.result?.explanation);
    assert.match(stream.result?.explanation ?? "", /^some {2}words/);
    assert.equal(stream.result, await stream.explanation());
  });

  test("throws what an ordinary request would", async () => {
    const error = await thrown(sfm2.InvalidRequestError, texts(client.explainStream(" ")));
    assert.match(error.message, /code/);
  });
});

describe("generateBatch", () => {
  test("has errors in place", async () => {
    const prompts = ["x\necho:1", "", "x\necho:2"];
    const [good, bad, alsoGood] = await client.generateBatch(prompts, { maxLength: 5 });
    assert.ok(good && "completion" in good && good.completion === "1");
    assert.ok(alsoGood && "completion" in alsoGood && alsoGood.completion === "2");
    assert.ok(bad instanceof sfm2.InvalidRequestError);
    assert.match(bad.message, /prompt/);
  });

  test("wants a list", async () => {
    const error = await thrown(sfm2.InvalidRequestError, client.generateBatch("x" as unknown as string[]));
    assert.match(error.message, /array/);
  });
});

test("explain", async () => {
  const { explanation, modelUsed } = await client.explain("x\necho:words", { maxLength: 5, language: "python" });
  assert.ok(explanation);
  assert.equal(modelUsed, "echo");
});

test("feedback", async () => {
  const earlier = (await client.stats()).feedback;
  await client.feedback((await client.generate("x")).id, "accepted");
  const later = await client.stats();
  assert.equal(later.feedback.accepted, (earlier.accepted ?? 0) + 1);
  assert.ok(later.acceptanceRate);
  await thrown(sfm2.NotFoundError, client.feedback("gone", "accepted"));
  await thrown(sfm2.InvalidRequestError, client.feedback("gone", "loved" as sfm2.Outcome));
});

test("health and ready", async () => {
  const health = await client.health();
  assert.equal(health.status, "healthy");
  assert.equal(health.modelStatus.echo, "available");
  assert.equal(health.modelStatus.gpt2_lora, "not_configured", "names of backends keep their form");
  assert.match(health.modelDetails.echo ?? "", /tests/);
  assert.ok(!Number.isNaN(Date.parse(health.timestamp)));
  assert.deepEqual(await client.ready(), { status: "ok", reason: null });
});

test("stats", async () => {
  const { totalRequests } = await client.stats();
  await thrown(sfm2.InvalidRequestError, client.generate(""));
  const stats = await client.stats();
  assert.equal(stats.totalRequests, totalRequests + 1);
  assert.ok(stats.errors.invalid_request, "codes keep their form");
});

describe("wrong requests", () => {
  for (const [what, prompt, kind, said] of [
    ["an empty prompt", "", sfm2.InvalidRequestError, /empty/],
    ["a NUL", "a\0b", sfm2.InvalidRequestError, /NUL/],
    ["a lone surrogate", "lone \ud800", sfm2.InvalidRequestError, /surrogate/],
    ["too much", "x".repeat(300_000), sfm2.PayloadTooLargeError, /300,000/],
  ] as const) {
    test(`${what} is refused in words`, async () => {
      const error = await thrown<sfm2.SFM2Error>(kind, client.generate(prompt));
      assert.match(error.message, said);
      assert.ok(error.suggestion);
      assert.ok(error.requestId);
    });
  }

  test("a setting that there is not is named", async () => {
    const misspelt = { maxLenght: 3 } as sfm2.GenerateOptions;
    const error = await thrown(sfm2.InvalidRequestError, client.generate("x", misspelt));
    assert.equal(error.status, 422);
    assert.equal(error.code, "invalid_request");
    assert.match(error.message, /max_lenght/);
  });

  test("a route that there is not", async () => {
    const elsewhere = new SFM2Client({ apiUrl: `${service.url}/elsewhere/` });
    assert.equal((await thrown(sfm2.NotFoundError, elsewhere.stats())).status, 404);
  });
});

describe("signals", () => {
  const typed = new Error("the user typed on");

  test("stop a call", async () => {
    const stop = new AbortController();
    const asked = client.generate("x\necho-slow:a b c d e f", { signal: stop.signal });
    setTimeout(() => stop.abort(typed), 100);
    await assert.rejects(asked, typed);
  });

  test("that were aborted before send nothing", async () => {
    await assert.rejects(client.health({ signal: AbortSignal.abort(typed) }), typed);
    await assert.rejects(texts(client.generateStream("x", { signal: AbortSignal.abort(typed) })), typed);
  });

  test("stop a stream", async () => {
    const stop = new AbortController();
    const read = (async () => {
      for await (const _ of client.generateStream("x\necho-slow:a b c d e f", { signal: stop.signal }))
        stop.abort(typed);
    })();
    await assert.rejects(read, typed);
  });

  test("by default give an AbortError, as fetch does", async () => {
    await assert.rejects(client.health({ signal: AbortSignal.abort() }), { name: "AbortError" });
  });
});

test("with keys, only who has one is answered", async () => {
  const guarded = await Service.start();
  try {
    const apiKey = guarded.createKey();
    assert.equal((await new SFM2Client({ apiUrl: guarded.url, apiKey }).generate("x\necho:in")).completion, "in");
    for (const wrong of [undefined, "sfm2_wrong_key"]) {
      const client = new SFM2Client({ apiUrl: guarded.url, apiKey: wrong });
      const error = await thrown(sfm2.AuthenticationError, client.generate("x"));
      assert.equal(error.status, 401);
      assert.ok(error.requestId);
    }
    const unfit = new SFM2Client({ apiUrl: guarded.url, apiKey: guarded.createKey("--scope", "stats") });
    assert.ok((await unfit.stats()).totalRequests > 0);
    const error = await thrown(sfm2.PermissionDeniedError, unfit.generate("x"));
    assert.deepEqual([error.status, error.code], [403, "forbidden"]);
    assert.match(error.message, /scope generate; yours has stats/);
    const proxied = new SFM2Client({ apiUrl: guarded.url.replace("://", "://me:pass%20word@"), apiKey });
    assert.equal((await proxied.generate("x\necho:in")).completion, "in");
  } finally {
    await guarded.stop();
  }
});

test("a rate limit says when to come again", async () => {
  const limited = await Service.start({ SFM2_LIMITS_RATE: "1/hour" });
  try {
    const hurried = new SFM2Client({ apiUrl: limited.url });
    await hurried.generate("x");
    const error = await thrown(sfm2.RateLimitError, hurried.generate("x"));
    assert.ok(error.retryAfter && error.retryAfter > 60);
    assert.equal(error.status, 429);
  } finally {
    await limited.stop();
  }
});

test("a backend that failed is named", async () => {
  const broken = await Service.start({ SFM2_FALLBACK_CHAIN: "gpt2_lora" });
  try {
    const asking = new SFM2Client({ apiUrl: broken.url, maxRetries: 0 });
    const error = await thrown(sfm2.ModelUnavailableError, asking.generate("x"));
    assert.equal(error.status, 503);
    assert.equal((await asking.health()).status, "unhealthy");
    const ready = await asking.ready();
    assert.equal(ready.status, "unavailable");
    assert.ok(ready.reason);
  } finally {
    await broken.stop();
  }
});

test("the environment names server and key", async () => {
  const earlier = { ...process.env };
  try {
    process.env.SFM2_API_URL = service.url;
    process.env.SFM2_API_KEY = "sfm2_secret";
    assert.equal((await new SFM2Client().generate("x\necho:here")).completion, "here");
  } finally {
    process.env = earlier;
  }
});
