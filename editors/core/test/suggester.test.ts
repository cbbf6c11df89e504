/** What `tests/traces` can't tell: signals, failures, and who waits for whom. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { APIConnectionError, type Completion } from "sfm2-client";
import type { Excerpt } from "../src/excerpt.ts";
import { type Ask, type CompletionRequest, type How, Suggester } from "../src/suggester.ts";
import { completion } from "./completion.ts";
import { Document } from "./document.ts";

const how: How = { invoked: false, mayAsk: () => true, delay: 5, minConfidence: 0 };
const never = new AbortController().signal;

function at(document: Document): CompletionRequest {
  return { place: document.place(), options: { maxLength: 96 } };
}

function excerpt(path: string): Excerpt {
  return { path, file: path, text: "class A: ...", first: 1, last: 1 };
}

/** Answers with `text` after 20 ms, and remembers what it was asked. */
function answering(text: string): { ask: Ask; requests: CompletionRequest[]; aborted: number } {
  const seen = {
    requests: [] as CompletionRequest[],
    aborted: 0,
    ask: async (request: CompletionRequest, signal: AbortSignal): Promise<Completion> => {
      seen.requests.push(request);
      signal.addEventListener("abort", () => seen.aborted++);
      await new Promise((done) => setTimeout(done, 20));
      return completion(text, { id: `${seen.requests.length}` });
    },
  };
  return seen;
}

async function sent(server: { requests: unknown[] }): Promise<void> {
  while (server.requests.length === 0) await new Promise((done) => setTimeout(done, 1));
}

test("without a cache each key asks", async () => {
  const server = answering("return x + 1");
  const suggester = new Suggester(server.ask, { cache: null });
  const document = new Document("def f(x):\n    ");
  for (const key of ["", ..."ret"]) await suggester.suggest(at(document.type(key)), how, never);
  assert.equal(server.requests.length, 4);
});

test("what else the model is shown is asked for after the pause, and a completion holds whatever it was", async () => {
  const server = answering("1 + 1");
  const shown: unknown[] = [];
  const ask: Ask = (request, ...rest) => {
    shown.push(request.context?.());
    return server.ask(request, ...rest);
  };
  const suggester = new Suggester(ask);
  const document = new Document("x = ");
  let known: string[] = [];
  const withContext = () => ({ ...at(document), context: () => known.map(excerpt) });
  const first = suggester.suggest(withContext(), how, never);
  known = ["late.py"];
  assert.equal((await first)?.text, "1 + 1");
  known = ["other.py"];
  document.type("1");
  assert.equal((await suggester.suggest(withContext(), how, never))?.text, " + 1");
  assert.deepEqual(shown, [["late.py"].map(excerpt)]);
});

test("the next key ends the request that runs", async () => {
  const server = answering("1");
  const suggester = new Suggester(server.ask);
  const document = new Document("x =");
  const first = suggester.suggest(at(document), how, never);
  await sent(server);
  const second = suggester.suggest(at(document.type(" ")), how, never);
  assert.equal(await first, undefined);
  assert.equal((await second)?.text, "1");
  assert.equal(server.aborted, 1);
});

test("the editor's own cancellation ends it, also while it waits", async () => {
  const server = answering("1");
  const cancel = new AbortController();
  const found = new Suggester(server.ask).suggest(at(new Document("x = ")), { ...how, delay: 60_000 }, cancel.signal);
  cancel.abort();
  assert.equal(await found, undefined);
  assert.equal(server.requests.length, 0);
});

test("two that wait for the same request share it, and it ends with the last of them", async () => {
  const server = answering("1");
  const suggester = new Suggester(server.ask);
  const [one, other] = [new AbortController(), new AbortController()];
  const request = at(new Document("x = "));
  const both = [one, other].map(({ signal }) => suggester.suggest(request, { ...how, delay: 0 }, signal));
  await sent(server);
  one.abort();
  assert.equal(await both[0], undefined);
  assert.equal((await both[1])?.text, "1");
  assert.deepEqual([server.requests.length, server.aborted], [1, 0]);
});

test("who asks explicitly does not wait for the pause", async () => {
  const server = answering("1");
  const suggester = new Suggester(server.ask);
  const request = at(new Document("x = "));
  const waiting = suggester.suggest(request, { ...how, delay: 60_000 }, never);
  assert.equal((await suggester.suggest(request, { ...how, invoked: true }, never))?.text, "1");
  assert.equal(await waiting, undefined);
});

test("whether to ask is decided after the pause", async () => {
  const server = answering("1");
  let allowed = true;
  const found = new Suggester(server.ask).suggest(at(new Document("x = ")), { ...how, mayAsk: () => allowed }, never);
  allowed = false;
  assert.equal(await found, undefined);
  assert.equal(server.requests.length, 0);
});

test("a failure is thrown, and the next call at the place asks again", async () => {
  let broken = true;
  const suggester = new Suggester(async () => {
    if (broken) throw new APIConnectionError("refused");
    return completion("1");
  });
  const request = at(new Document("x = "));
  await assert.rejects(suggester.suggest(request, how, never), APIConnectionError);
  broken = false;
  assert.equal((await suggester.suggest(request, how, never))?.text, "1");
});

test("what another server answered is forgotten, also what it answers later", async () => {
  const server = answering("1");
  const suggester = new Suggester(server.ask);
  const request = at(new Document("x = "));
  const late = suggester.suggest(request, how, never);
  await sent(server);
  suggester.forget();
  assert.equal(await late, undefined);
  assert.equal(suggester.recall(request), undefined);
});

/** Says `first` at once and the whole when it is told to, and remembers whether it was stopped. */
function streaming(first: string, whole: string) {
  let done = (): void => {};
  const seen = {
    requests: 0,
    aborted: 0,
    finish: () => done(),
    ask: (async (_request, signal, heard) => {
      seen.requests++;
      signal.addEventListener("abort", () => seen.aborted++);
      heard({ text: first, confidence: 0.9, logprobs: null });
      await new Promise<void>((resolve) => {
        done = resolve;
      });
      return completion(whole);
    }) as Ask,
  };
  return seen;
}

test("the first line is given at once, and the shell is told of the rest", async () => {
  const server = streaming("y = 1", "y = 1\nz = 2");
  const grown: string[] = [];
  const suggester = new Suggester(server.ask, { grew: ({ text }) => grown.push(text) });
  const request = at(new Document("x = 0\n"));
  const first = await suggester.suggest(request, { ...how, delay: 0 }, never);
  assert.deepEqual([first?.text, first?.completion, first?.received.growing], ["y = 1", undefined, true]);
  server.finish();
  const whole = await first?.received.whole();
  assert.equal(whole?.completion, "y = 1\nz = 2");
  assert.deepEqual(grown, ["y = 1\nz = 2"]);
  assert.equal(suggester.recall(request)?.completion, whole);
});

test("a call at the same place gets what has come by then, without a request of its own", async () => {
  const server = streaming("y = 1", "y = 1\nz = 2");
  const suggester = new Suggester(server.ask);
  const request = at(new Document("x = 0\n"));
  await suggester.suggest(request, { ...how, delay: 0 }, never);
  assert.equal((await suggester.suggest(request, how, never))?.text, "y = 1");
  assert.equal(server.requests, 1);
});

test("who leaves after the first line ends the request, unless another call goes along with it", async () => {
  const server = streaming("y = 1", "y = 1\nz = 2");
  const suggester = new Suggester(server.ask);
  const [one, other] = [new AbortController(), new AbortController()];
  const document = new Document("x = 0\n");
  await suggester.suggest(at(document), { ...how, delay: 0 }, one.signal);
  assert.equal((await suggester.suggest(at(document.type("y = ")), how, other.signal))?.text, "1");
  one.abort();
  assert.equal(server.aborted, 0);
  other.abort();
  assert.equal(server.aborted, 1);
  assert.equal(suggester.recall(at(document))?.text, "1", "what has come is still known");
});

test("typed to its end, what comes next is waited for", async () => {
  const server = streaming("y = 1", "y = 1\nz = 2");
  const suggester = new Suggester(server.ask);
  const document = new Document("x = 0\n");
  await suggester.suggest(at(document), { ...how, delay: 0 }, never);
  const rest = suggester.suggest(at(document.type("y = 1")), how, never);
  server.finish();
  assert.equal((await rest)?.text, "\nz = 2");
  assert.equal(server.requests, 1);
});
