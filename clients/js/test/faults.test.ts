/** Peers that answer late, twice, with something else, or not to the end. */

import assert from "node:assert/strict";
import { getEventListeners, once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, createServer as createListener } from "node:net";
import { describe, type TestContext, test } from "node:test";
import * as sfm2 from "../src/index.js";
import { texts, thrown } from "./expect.js";
import { answer, CHUNK, COMPLETION, DONE, event, LOADING, Peer, STREAM, type Turn } from "./peer.js";

const { SFM2Client } = sfm2;
const WELL = answer(200, COMPLETION);
const BUG = answer(500, { error: "internal_error", message: "a bug" }, { "retry-after-ms": "1" });

async function facing(context: TestContext, turns: (Turn | string)[], options: sfm2.ClientOptions = {}) {
  const peer = await Peer.serving(context, ...turns);
  return { peer, client: new SFM2Client({ apiUrl: peer.url, ...options }) };
}

describe("retries", () => {
  for (const status of [408, 409, 429, 503]) {
    test(`what was refused with ${status} is asked again`, async (context) => {
      const busy = answer(status, LOADING, { "retry-after-ms": "10" });
      const { peer, client } = await facing(context, [busy, WELL]);
      assert.equal((await client.generate("x")).completion, "y");
      assert.equal(peer.asked.length, 2);
      assert.equal(peer.asked[0], peer.asked[1]);
    });
  }

  test("a stream that was refused is asked for again", async (context) => {
    const { client } = await facing(context, [answer(503, LOADING, { "Retry-After": "0" }), STREAM + CHUNK + DONE]);
    assert.deepEqual(await texts(client.generateStream("x")), ["a"]);
  });

  test("end after two", async (context) => {
    const { peer, client } = await facing(context, [answer(503, LOADING, { "retry-after-ms": "1" })]);
    const error = await thrown(sfm2.ModelUnavailableError, client.generate("x"));
    assert.equal(peer.asked.length, 3);
    assert.equal(error.retryAfter, 0.001);
    assert.equal(error.fallbackModel, "gpt2_lora");
  });

  test("wait as long as the server asks", async (context) => {
    const { client } = await facing(context, [answer(429, LOADING, { "Retry-After": "1" }), WELL]);
    const began = performance.now();
    await client.generate("x");
    assert.ok(performance.now() - began >= 990);
  });

  test("there are none of work that may have been done", async (context) => {
    const { peer, client } = await facing(context, [BUG, WELL]);
    await thrown(sfm2.ServerError, client.generate("x"));
    assert.equal(peer.asked.length, 1);
  });

  test("of what costs nothing twice there are", async (context) => {
    const { peer, client } = await facing(context, [BUG, answer(204, "")]);
    await client.feedback("1", "accepted");
    assert.equal(peer.asked.length, 2);
  });

  test("are as many as the call says", async (context) => {
    const { peer, client } = await facing(context, [answer(503, LOADING)]);
    await thrown(sfm2.ModelUnavailableError, client.generate("x", { maxRetries: 0 }));
    assert.equal(peer.asked.length, 1);
    await thrown(sfm2.InvalidRequestError, client.generate("x", { maxRetries: -1 }));
  });

  for (const [how, later] of [
    ["in seconds", "3600"],
    ["as a date", new Date(Date.now() + 3_600_000).toUTCString()],
  ] as const) {
    test(`a server that wants a long rest, ${how}, is left alone`, async (context) => {
      const { peer, client } = await facing(context, [answer(503, LOADING, { "Retry-After": later })]);
      const error = await thrown(sfm2.ModelUnavailableError, client.generate("x"));
      assert.equal(peer.asked.length, 1);
      assert.ok(error.retryAfter && Math.abs(error.retryAfter - 3600) < 10);
    });
  }

  test("a signal ends the wait for one", async (context) => {
    const { peer, client } = await facing(context, [answer(503, LOADING, { "Retry-After": "30" }), WELL]);
    const stop = new AbortController();
    const asked = client.generate("x", { signal: stop.signal });
    while (peer.asked.length === 0) await new Promise((tick) => setTimeout(tick, 5));
    setTimeout(() => stop.abort(new Error("enough")), 50);
    await assert.rejects(asked, /enough/);
  });
});

describe("connections", () => {
  test("nobody there", async () => {
    const listener = createListener().listen(0, "127.0.0.1");
    await once(listener, "listening");
    const apiUrl = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
    await new Promise((closed) => listener.close(closed));
    const error = await thrown(sfm2.APIConnectionError, new SFM2Client({ apiUrl, maxRetries: 1 }).generate("x"));
    assert.match(error.message, /cannot reach .*ECONNREFUSED/);
    assert.match(error.suggestion, /sfm2 serve/);
    assert.equal(error.code, "connection_failed");
  });

  test("a server that comes up meanwhile is found", async (context) => {
    const listener = createListener().listen(0, "127.0.0.1");
    await once(listener, "listening");
    const { port } = listener.address() as AddressInfo;
    await new Promise((closed) => listener.close(closed));
    const server = createServer((_, response) => response.end(JSON.stringify(COMPLETION)));
    context.after(() => server.close());
    let tries = 0;
    const starting: sfm2.Fetch = async (url, init) => {
      if (tries++ === 1) await once(server.listen(port, "127.0.0.1"), "listening");
      return fetch(url, init);
    };
    const client = new SFM2Client({ apiUrl: `http://127.0.0.1:${port}`, fetch: starting });
    assert.equal((await client.generate("x")).completion, "y");
    assert.equal(tries, 2);
  });

  test("a reset before any answer is not asked again", async (context) => {
    const { peer, client } = await facing(context, [{ say: "", after: "reset" }]);
    await thrown(sfm2.APIConnectionError, client.generate("x"));
    assert.equal(peer.asked.length, 1);
  });

  test("silence from the start times out, and is not asked again", async (context) => {
    const { peer, client } = await facing(context, [{ say: "", after: "silence" }], { timeout: 200 });
    const error = await thrown(sfm2.APITimeoutError, client.generate("x"));
    assert.match(error.message, /in time/);
    assert.equal(peer.asked.length, 1);
    await peer.left;
  });

  test("so does silence in the middle of an answer", async (context) => {
    const { client } = await facing(context, [{ say: WELL.slice(0, -10), after: "silence" }]);
    await thrown(sfm2.APITimeoutError, client.generate("x", { timeout: 200 }));
  });

  test("a very long timeout is none that is over at once", async (context) => {
    const { client } = await facing(context, [WELL], { timeout: 1e12 });
    assert.equal((await client.generate("x")).completion, "y");
  });

  test("a call that its caller gave up is given up", async (context) => {
    const { peer, client } = await facing(context, [{ say: "", after: "silence" }]);
    const stop = new AbortController();
    const asked = client.generate("x", { signal: stop.signal });
    while (peer.asked.length === 0) await new Promise((tick) => setTimeout(tick, 5));
    stop.abort();
    await assert.rejects(asked, { name: "AbortError" });
    await peer.left;
  });

  test("a signal for many calls is not held by those that are over", async (context) => {
    const { client } = await facing(context, [WELL, answer(500, "x"), STREAM + CHUNK + DONE, STREAM + CHUNK]);
    const { signal } = new AbortController();
    await client.generate("x", { signal });
    await thrown(sfm2.ServerError, client.generate("x", { signal }));
    await client.generateStream("x", { signal }).completion();
    await thrown(sfm2.StreamInterruptedError, client.generateStream("x", { signal }).completion());
    assert.equal(getEventListeners(signal, "abort").length, 0);
  });

  test("streams read to their end leave their connections to the next ones", async (context) => {
    let connections = 0;
    const server = createServer((request, response) => {
      request.resume();
      response.setHeader("Content-Type", "text/event-stream");
      response.write(CHUNK + DONE);
      setTimeout(() => response.end(), 50);
    });
    server.on("connection", () => connections++);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    context.after(() => server.closeAllConnections());
    context.after(() => server.close());
    const client = new SFM2Client({ apiUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    for (let i = 0; i < 6; i++) await client.generateStream("x").completion();
    assert.ok(connections <= 2, `${connections}`); // fetch may still tidy up when the next one begins
  });
});

describe("streams", () => {
  for (const [what, turn] of [
    ["ends without done", { say: STREAM + CHUNK }],
    ["ends in an event", { say: `${STREAM + CHUNK}event: do` }],
    ["is reset", { say: STREAM + CHUNK, after: "reset" }],
    ["falls silent", { say: STREAM + CHUNK, after: "silence" }],
  ] as const) {
    test(`one that ${what} is an error, and its chunks were given`, async (context) => {
      const { client } = await facing(context, [turn], { timeout: 300 });
      const stream = client.generateStream("x");
      assert.deepEqual(await stream.next(), { done: false, value: { text: "a", logprobs: null, confidence: null } });
      const error = await thrown(sfm2.StreamInterruptedError, stream.next());
      assert.equal(error.requestId, "r1");
      assert.ok(!stream.result);
    });
  }

  for (const odd of [event("chunk", "nonsense"), event("done", {}), event("error", "[]")]) {
    test(`one that holds ${JSON.stringify(odd)} is an error`, async (context) => {
      const { client } = await facing(context, [STREAM + odd + DONE]);
      const error = await thrown(sfm2.StreamInterruptedError, texts(client.generateStream("x")));
      assert.match(error.message, /something else/);
    });
  }

  test("an error in one arrives as its class", async (context) => {
    const died = event("error", { error: "model_unavailable", message: "died", fallback_used: "echo" });
    const { client } = await facing(context, [STREAM + CHUNK + died]);
    const error = await thrown(sfm2.ModelUnavailableError, texts(client.generateStream("x")));
    assert.equal(error.fallbackUsed, "echo");
    assert.equal(error.requestId, "r1");
  });

  test("an unknown event is passed over", async (context) => {
    const { client } = await facing(context, [STREAM + event("progress", "1") + CHUNK + DONE]);
    assert.deepEqual(await texts(client.generateStream("x")), ["a"]);
  });

  for (const [what, late, after] of [
    ["more chunks", CHUNK, "end"],
    ["nonsense", event("chunk", "nonsense"), "end"],
    ["a reset", "", "reset"],
    ["silence", "", "silence"],
  ] as const) {
    test(`${what} behind done takes nothing away`, async (context) => {
      const { client } = await facing(context, [{ say: [STREAM + CHUNK + DONE + late, late || ":\n"], after }]);
      const stream = client.generateStream("x");
      assert.deepEqual(await texts(stream), ["a"]);
      assert.equal(stream.result?.completion, "y");
    });
  }

  test("characters and line ends arrive in pieces", async (context) => {
    const bytes = Buffer.from(event("chunk", { text: "é🦊" }).replaceAll("\n", "\r\n") + DONE);
    const server = createServer(async (request, response) => {
      request.resume();
      response.setHeader("Content-Type", "text/event-stream");
      response.flushHeaders();
      for (let i = 0; i < bytes.length; i += 7) {
        response.write(bytes.subarray(i, i + 7));
        await new Promise((tick) => setTimeout(tick, 2));
      }
      response.end();
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    context.after(() => server.close());
    const client = new SFM2Client({ apiUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    assert.deepEqual(await texts(client.generateStream("x")), ["é🦊"]);
  });

  test("leaving the loop hangs up", async (context) => {
    const { peer, client } = await facing(context, [{ say: STREAM + CHUNK, after: "silence" }]);
    for await (const chunk of client.generateStream("x")) {
      assert.equal(chunk.text, "a");
      break;
    }
    await peer.left;
  });

  test("closing one hangs up while a chunk is waited for", async (context) => {
    const { peer, client } = await facing(context, [{ say: STREAM + CHUNK, after: "silence" }]);
    const stream = client.generateStream("x");
    await stream.next();
    const waiting = stream.next();
    await stream.close();
    assert.deepEqual(await waiting, { done: true, value: undefined });
    await peer.left;
    await stream.close();
  });

  test("nothing is sent before the first chunk is asked for", async (context) => {
    const { peer, client } = await facing(context, [STREAM + CHUNK + DONE]);
    await client.generateStream("x").close();
    assert.equal(peer.asked.length, 0);
  });

  test("who takes long with a chunk is not cut off", async (context) => {
    const { client } = await facing(context, [{ say: [STREAM + CHUNK, CHUNK + DONE] }], { timeout: 300 });
    let chunks = 0;
    for await (const _ of client.generateStream("x")) {
      chunks++;
      await new Promise((done) => setTimeout(done, 500));
    }
    assert.equal(chunks, 2);
  });
});

describe("strangers", () => {
  const page = (status: number) => answer(status, "<h1>proxy</h1>", { "Content-Type": "text/html" });

  test("a page with status 200 is no answer", async (context) => {
    const { client } = await facing(context, [page(200)]);
    const calls = [() => client.generate("x"), () => texts(client.generateStream("x")), () => client.health()];
    for (const call of calls) {
      const error = await thrown(sfm2.ServerError, call());
      assert.match(error.message, /not SFM-2's.*proxy/);
      assert.deepEqual(error.details, { status: 200 });
    }
  });

  test("nor is another service's", async (context) => {
    const { client } = await facing(context, [answer(200, { hello: "world" })]);
    await thrown(sfm2.ServerError, client.generate("x"));
    await thrown(sfm2.ServerError, client.stats());
    await thrown(sfm2.ServerError, client.ready());
    await thrown(sfm2.ServerError, client.generateBatch(["x"]));
  });

  for (const [status, kind] of [
    [401, sfm2.AuthenticationError],
    [413, sfm2.PayloadTooLargeError],
    [429, sfm2.RateLimitError],
    [502, sfm2.ServerError],
  ] as const) {
    test(`a proxy's ${status} is believed where it is sure`, async (context) => {
      const { client } = await facing(context, [page(status)], { maxRetries: 0 });
      const error = await thrown<sfm2.SFM2Error>(kind, client.generate("x"));
      assert.equal(error.status, status);
      assert.match(error.message, /proxy/);
    });
  }

  test("neither key nor code goes to where a redirect points", async (context) => {
    const elsewhere = await Peer.serving(context, WELL);
    const moved = answer(307, "", { Location: `${elsewhere.url}/generate` });
    const { client } = await facing(context, [moved], { apiKey: "secret" });
    for (const call of [() => client.generate("x"), () => texts(client.generateStream("x"))]) {
      const error = await thrown(sfm2.ServerError, call());
      assert.deepEqual(error.details, { status: 307, location: `${elsewhere.url}/generate` });
    }
    assert.deepEqual(elsewhere.asked, []);
  });

  test("an error of a newer server keeps its code", async (context) => {
    const body = { error: "out_of_tea", message: "no tea", details: { pot: 1 } };
    const { client } = await facing(context, [answer(418, body)]);
    const error = await thrown(sfm2.ServerError, client.generate("x"));
    assert.deepEqual(error.details, { code: "out_of_tea", pot: 1 });
    assert.equal(error.status, 418);
  });

  test("what an older server leaves out has its default, what a newer one adds is kept", async (context) => {
    const { client } = await facing(context, [WELL]);
    const found = await client.generate("x");
    assert.deepEqual([found.id, found.calibrated, found.fallback, found.guard.action], ["", false, [], "off"]);
    assert.ok("aFieldOfANewerServer" in found);
  });

  test("ill health is an answer, asked for once", async (context) => {
    const health = { status: "unhealthy", model_status: { sfm2: "unavailable" }, timestamp: "2026-01-01T00:00:00Z" };
    const { peer, client } = await facing(context, [answer(503, health)]);
    assert.equal((await client.health()).status, "unhealthy");
    assert.equal(peer.asked.length, 1);
  });
});

test("headers of one's own are sent with each request", async (context) => {
  const { peer, client } = await facing(context, [WELL], { apiKey: "key", headers: { "X-Team": "blue" } });
  await client.generate("x");
  assert.match(peer.asked[0] ?? "", /^x-team: blue\r$/im);
  assert.match(peer.asked[0] ?? "", /^authorization: Bearer key\r$/im);
  assert.match(peer.asked[0] ?? "", /^user-agent: sfm2-js\/\d/im);
});
