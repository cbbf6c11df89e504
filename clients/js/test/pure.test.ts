/** What needs no server. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import fc from "fast-check";
import { InvalidRequestError } from "../src/index.js";
import { camelName, fromWire, snakeName, toWire } from "../src/naming.js";
import { checked } from "../src/options.js";
import { holeOf, post } from "../src/requests.js";
import { afterError, afterResponse, FIRST_BOUND, LAST_BOUND, LONGEST_WAIT, retryAfter, SLOW } from "../src/retry.js";
import { Decoder, type ServerEvent } from "../src/sse.js";

describe("server-sent events", () => {
  const encoder = new TextEncoder();
  const lineEnd = fc.constantFrom("\n", "\r\n", "\r");
  const name = fc.constantFrom("chunk", "done", "message");
  const event = fc.record({ name, text: fc.string({ unit: "grapheme" }) }, { noNullPrototype: true });

  test("are the same however the bytes are cut", () => {
    const property = fc.property(fc.array(event), lineEnd, fc.array(fc.nat(8)), (events, end, cuts) => {
      const sent = events.map(({ name, text }) => {
        const lines = [`event: ${name}`, ": keep-alive", `data: ${JSON.stringify(text)}`, "", ""];
        return lines.join(end);
      });
      const decoder = new Decoder();
      const read = cut(encoder.encode(`\uFEFF${sent.join("")}`), cuts).flatMap((piece) => [...decoder.feed(piece)]);
      assert.deepEqual(
        read.map(({ name, data }) => ({ name, text: JSON.parse(data) })),
        events,
      );
    });
    fc.assert(property, { numRuns: 500 });
  });

  test("byte by byte", () => {
    const decoder = new Decoder();
    const bytes = encoder.encode("data: 🦊\r\ndata: é\r\n\r\nevent: done\r\ndata: 1\r\n\r\n");
    assert.deepEqual(
      [...bytes].flatMap((byte) => [...decoder.feed(Uint8Array.of(byte))]),
      [
        { name: "message", data: "🦊\né" },
        { name: "done", data: "1" },
      ],
    );
  });

  for (const [what, text, events] of [
    ["lines, comments and other fields", ": hello\ndata: a\ndata:b\nid: 7\nretry: 1\n\n", [["message", "a\nb"]]],
    ["a name without data is none", "event: x\n\ndata\n\n", [["message", ""]]],
    ["only one space is taken away", "data:  a\n\n", [["message", " a"]]],
    ["without its blank line it is none", "data: a\n", []],
    [
      "carriage returns alone",
      "data: a\r\rdata: b\r\r",
      [
        ["message", "a"],
        ["message", "b"],
      ],
    ],
  ] as const) {
    test(what, () => {
      const read: ServerEvent[] = [...new Decoder().feed(encoder.encode(text))];
      assert.deepEqual(
        read.map(({ name, data }) => [name, data]),
        events,
      );
    });
  }

  function cut(bytes: Uint8Array, lengths: readonly number[]): Uint8Array[] {
    const pieces: Uint8Array[] = [];
    let start = 0;
    for (const length of lengths) {
      pieces.push(bytes.subarray(start, start + length));
      start += length;
    }
    return [...pieces, bytes.subarray(start)];
  }
});

describe("names", () => {
  test("all of the server's go there and back", () => {
    const described = JSON.parse(readFileSync(new URL("../../../openapi.json", import.meta.url), "utf8"));
    const names = Object.values<{ properties?: object }>(described.components.schemas).flatMap((schema) =>
      Object.keys(schema.properties ?? {}),
    );
    assert.ok(names.includes("generated_code"));
    for (const name of names) assert.equal(snakeName(camelName(name)), name);
  });

  test("of data stay as they are", () => {
    const wire = { model_usage: { gpt2_lora: 1 }, total_requests: 2, results: [{ finish_reason: "stop" }] };
    assert.deepEqual(fromWire(wire), {
      modelUsage: { gpt2_lora: 1 },
      totalRequests: 2,
      results: [{ finishReason: "stop" }],
    });
  });

  test("that are prototypes' do no harm", () => {
    const found: object = fromWire(JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1, "has_own": 2}'));
    assert.ok(!("polluted" in found));
    assert.equal(Object.getPrototypeOf(found), Object.prototype);
  });

  test("what is not set is not sent", () => {
    assert.deepEqual(toWire({ maxLength: 20, seed: undefined, language: null, topP: 0 }), { max_length: 20, top_p: 0 });
  });
});

describe("requests", () => {
  test("hold what is of the request, not of the call", () => {
    const signal = new AbortController().signal;
    const { body } = post("/generate", { prompt: "p" }, { maxLength: 3, signal, timeout: 5, maxRetries: 1 } as object);
    assert.deepEqual(JSON.parse(body ?? ""), { max_length: 3, prompt: "p" });
  });

  for (const [what, settings] of Object.entries({
    temperature: { temperature: Number.NaN },
    seed: { seed: 2 ** 60 },
    topK: { topK: 5n },
    stop: { stop: () => {} },
  })) {
    test(`a ${what} that JSON would change is refused`, () => {
      assert.throws(
        () => post("/generate", { prompt: "p" }, settings as object),
        (error) => error instanceof InvalidRequestError && error.message.startsWith(what),
      );
    });
  }

  test("that are circular are refused", () => {
    const stop: unknown[] = [];
    stop.push(stop);
    assert.throws(() => post("/generate", { prompt: "p" }, { stop } as object), InvalidRequestError);
  });

  test("a hole has three forms", () => {
    const hole = { prefix: "a", suffix: "b", path: "c.py" };
    assert.deepEqual(holeOf(hole, undefined, undefined), hole);
    assert.deepEqual(holeOf("a", { suffix: "b", path: "c.py" }, undefined), hole);
    assert.deepEqual(holeOf("a", "b", { path: "c.py" }), hole);
  });
});

describe("waiting", () => {
  const policy = (retries: number, jitter = 0.5) => ({ retries, jitter: () => jitter });
  const response = (status: number, headers: Record<string, string> = {}) => ({
    status,
    headers: new Headers(headers),
  });
  const jitter = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

  test("is within bounds", () => {
    const property = fc.property(
      fc.nat(10),
      fc.nat(10),
      jitter,
      fc.integer({ min: 200, max: 599 }),
      fc.option(fc.nat(1000)),
      fc.boolean(),
      fc.nat(100),
      (attempt, retries, share, status, asked, repeatable, took) => {
        const headers: Record<string, string> = asked === null ? {} : { "Retry-After": `${asked}` };
        const wait = afterResponse(policy(retries, share), attempt, response(status, headers), repeatable, took);
        if (wait === undefined) return;
        assert.ok(attempt < retries && status >= 400 && (repeatable || took < SLOW));
        assert.ok(wait >= (asked ?? 0));
        assert.ok(wait <= Math.min(asked ?? 0, LONGEST_WAIT) + Math.min(LAST_BOUND, FIRST_BOUND * 2 ** attempt));
      },
    );
    fc.assert(property);
  });

  test("follows 409 only where the server says when", () => {
    const conflict = (headers: HeadersInit): Response => new Response("", { status: 409, headers });
    assert.equal(afterResponse(policy(2), 0, conflict({}), false, 0.1), undefined);
    assert.equal(afterResponse(policy(2), 0, conflict({ "Retry-After": "1" }), false, 0.1), 1.25);
  });

  for (const status of [408, 429, 503]) {
    test(`follows ${status}, which did nothing`, () => {
      assert.equal(afterResponse(policy(2), 0, response(status), false, 0.1), 0.25);
    });

    test(`does not follow ${status} that took long, unless twice costs nothing`, () => {
      assert.equal(afterResponse(policy(2), 0, response(status), false, SLOW), undefined);
      assert.equal(afterResponse(policy(2), 0, response(status), true, SLOW), 0.25);
    });
  }

  for (const status of [500, 502, 504]) {
    test(`follows ${status} where twice costs nothing`, () => {
      assert.equal(afterResponse(policy(2), 1, response(status), true, 0.1), 0.5);
      assert.equal(afterResponse(policy(2), 1, response(status), false, 0.1), undefined);
    });
  }

  test("follows what was never sent", () => {
    const failed = (cause: unknown) => new TypeError("fetch failed", { cause });
    const refused = Object.assign(new Error("refused"), { syscall: "connect" });
    assert.equal(afterError(policy(1), 0, failed(refused), false), 0.25);
    assert.equal(afterError(policy(1), 0, failed(new AggregateError([refused])), false), 0.25);
    assert.equal(afterError(policy(1), 1, failed(refused), false), undefined);
    assert.equal(afterError(policy(1), 0, failed(new Error("other side closed")), false), undefined);
    assert.equal(afterError(policy(1), 0, failed(undefined), true), 0.25);
  });

  for (const [headers, seconds] of [
    [{}, undefined],
    [{ "Retry-After": "3" }, 3],
    [{ "Retry-After": "1.5" }, 1.5],
    [{ "retry-after-ms": "250", "Retry-After": "9" }, 0.25],
    [{ "Retry-After": "Mon, 01 Jan 2024 00:01:00 GMT" }, 60],
    [{ "Retry-After": "Sun, 31 Dec 2023 00:00:00 GMT" }, 0],
    [{ "Retry-After": "Mon Jan  1 00:00:30 2024" }, 30],
    [{ "Retry-After": "soon" }, undefined],
    [{ "Retry-After": "-1" }, undefined],
    [{ "Retry-After": "inf" }, undefined],
    [{ "Retry-After": "9".repeat(400) }, undefined],
    [{ "Retry-After": "Mon, 01 Jan 99999999999999999999 00:00:00 GMT" }, undefined],
  ] as const) {
    test(`a server says ${JSON.stringify(headers).slice(0, 60)}`, () => {
      assert.equal(
        retryAfter(new Headers(headers as Record<string, string>), () => Date.UTC(2024, 0, 1)),
        seconds,
      );
    });
  }

  test("no header is too odd", () => {
    const property = fc.property(fc.string({ unit: "binary-ascii" }), (text) => {
      let headers: Headers;
      try {
        headers = new Headers({ "Retry-After": text });
      } catch {
        return;
      }
      const seconds = retryAfter(headers);
      assert.ok(seconds === undefined || seconds >= 0);
    });
    fc.assert(property);
  });
});

describe("options", () => {
  for (const [name, given] of [
    ["apiUrl", { apiUrl: "localhost:8000" }],
    ["apiUrl", { apiUrl: "http://host/?a=b" }],
    ["apiUrl", { apiUrl: "http://%zz@host/" }],
    ["timeout", { timeout: 0 }],
    ["timeout", { timeout: Number.POSITIVE_INFINITY }],
    ["maxRetries", { maxRetries: 1.5 }],
    ["apiKey", { apiKey: "naïve" }],
    ["headers", { headers: { "a b": "c" } }],
  ] as const) {
    test(`${JSON.stringify(given)} is refused by name`, () => {
      assert.throws(
        () => checked(given),
        (error) => error instanceof InvalidRequestError && error.message.startsWith(name),
      );
    });
  }

  test("an address keeps its path", () => {
    assert.equal(checked({ apiUrl: " https://host:1/code/ " }).url, "https://host:1/code");
  });

  test("a user of a proxy takes the usual header, and the key the other", () => {
    const { url, headers } = checked({ apiUrl: "http://me:p%C3%A4ss@host", apiKey: "key" });
    assert.equal(url, "http://host");
    assert.equal(headers.get("Authorization"), `Basic ${Buffer.from("me:päss").toString("base64")}`);
    assert.equal(headers.get("X-API-Key"), "key");
    assert.equal(checked({ apiKey: " key\n" }).headers.get("Authorization"), "Bearer key");
  });

  test("headers of one's own win", () => {
    assert.equal(checked({ apiKey: "key", headers: { authorization: "mine" } }).headers.get("Authorization"), "mine");
  });
});
