import assert from "node:assert/strict";
import { test } from "node:test";
import type { Answer } from "../../src/core/answer";
import { RequestFailed } from "../../src/core/failure";
import { type Ask, type How, type Request, Suggester } from "../../src/core/suggester";
import { Document } from "./document";

const how: How = {
  server: "http://127.0.0.1:8000",
  maxLength: 96,
  adapter: "",
  invoked: false,
  mayAsk: true,
  delay: 5,
  minConfidence: 0,
};

/** Answers with `text`, and remembers what it was asked. */
function answering(text: string, confidence = 0.9): { ask: Ask; requests: Request[]; aborted: number } {
  const seen = {
    requests: [] as Request[],
    aborted: 0,
    ask: async (request: Request, signal: AbortSignal): Promise<Answer> => {
      seen.requests.push(request);
      signal.addEventListener("abort", () => seen.aborted++);
      await new Promise((done) => setTimeout(done, 20));
      return { id: `${seen.requests.length}`, text, confidence, backend: "sfm2" };
    },
  };
  return seen;
}

const never = new AbortController().signal;

test("typing along a suggestion asks once", async () => {
  const server = answering("return x + 1");
  const suggester = new Suggester(server.ask);
  const document = new Document("def f(x):\n    ");
  for (const key of ["", ..."return x"]) {
    const found = await suggester.suggest(document.type(key).place(), how, never);
    assert.equal(document.before + found?.text, "def f(x):\n    return x + 1");
  }
  assert.equal(server.requests.length, 1);
});

test("without a cache each key asks", async () => {
  const server = answering("return x + 1");
  const suggester = new Suggester(server.ask, { cache: null });
  const document = new Document("def f(x):\n    ");
  for (const key of ["", ..."ret"]) await suggester.suggest(document.type(key).place(), how, never);
  assert.equal(server.requests.length, 4);
});

test("keys faster than the delay ask once, for the last", async () => {
  const server = answering("1");
  const suggester = new Suggester(server.ask);
  const document = new Document("");
  const found = await Promise.all([..."x = "].map((key) => suggester.suggest(document.type(key).place(), how, never)));
  assert.deepEqual(
    found.map((one) => one?.text),
    [undefined, undefined, undefined, "1"],
  );
  assert.deepEqual(
    server.requests.map((request) => request.prefix),
    ["x = "],
  );
});

test("the next key ends the request that runs", async () => {
  const server = answering("1");
  const suggester = new Suggester(server.ask);
  const document = new Document("x =");
  const first = suggester.suggest(document.place(), { ...how, delay: 0 }, never);
  while (server.requests.length === 0) await new Promise((done) => setTimeout(done, 1));
  const second = suggester.suggest(document.type(" ").place(), { ...how, delay: 0 }, never);
  assert.equal(await first, undefined);
  assert.equal((await second)?.text, "1");
  assert.equal(server.aborted, 1);
});

test("the editor's own cancellation ends it, also while it waits", async () => {
  const server = answering("1");
  const cancel = new AbortController();
  const found = new Suggester(server.ask).suggest(
    new Document("x = ").place(),
    { ...how, delay: 60_000 },
    cancel.signal,
  );
  cancel.abort();
  assert.equal(await found, undefined);
  assert.equal(server.requests.length, 0);
});

test("below the threshold nothing is shown, unless it was asked for; and it is not asked twice", async () => {
  const server = answering("1", 0.3);
  const suggester = new Suggester(server.ask);
  const place = new Document("x = ").place();
  assert.equal(await suggester.suggest(place, { ...how, minConfidence: 0.5 }, never), undefined);
  assert.equal((await suggester.suggest(place, { ...how, minConfidence: 0.5, invoked: true }, never))?.text, "1");
  assert.equal(server.requests.length, 1);
});

test("what is known is shown where the server may not be asked", async () => {
  const server = answering("12");
  const suggester = new Suggester(server.ask);
  const document = new Document("x = ");
  await suggester.suggest(document.place(), how, never);
  const offline = { ...how, mayAsk: false };
  assert.equal((await suggester.suggest(document.type("1").place(), offline, never))?.text, "2");
  assert.equal(await suggester.suggest(document.type("5").place(), offline, never), undefined);
  assert.equal(server.requests.length, 1);
});

test("only blanks are no suggestion", async () => {
  const suggester = new Suggester(answering("\n  ").ask);
  assert.equal(await suggester.suggest(new Document("x = 1").place(), how, never), undefined);
});

test("a failure is raised, and the next key asks again", async () => {
  let broken = true;
  const suggester = new Suggester(async () => {
    if (broken) throw new RequestFailed({ code: "connection_failed", message: "refused" });
    return { id: "1", text: "1", confidence: 1, backend: "sfm2" };
  });
  const place = new Document("x = ").place();
  await assert.rejects(suggester.suggest(place, how, never), RequestFailed);
  broken = false;
  assert.equal((await suggester.suggest(place, how, never))?.text, "1");
});
