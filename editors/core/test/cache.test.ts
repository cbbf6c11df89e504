import assert from "node:assert/strict";
import { test } from "node:test";
import type { Completion } from "sfm2-client";
import { CompletionCache } from "../src/cache.ts";
import { Received } from "../src/received.ts";
import { completion } from "./completion.ts";
import { Document } from "./document.ts";

const scope = "python";

function whole(text: string, more: Partial<Completion> = {}): Received {
  return Received.of(completion(text, more), 0.1);
}

function caching(document: Document, text: string): CompletionCache {
  const cache = new CompletionCache();
  cache.put(document.place(), scope, whole(text));
  return cache;
}

test("a completion is found again at its place", () => {
  const document = new Document("def f(x):\n    ", "\nprint(f(1))\n");
  const cache = caching(document, "return x");
  assert.equal(cache.find(document.place(), scope)?.text, "return x");
});

test("each character typed along it shortens it, and it lands as it would have", () => {
  const wanted = "def f(x):\n    return [x, (x)]\nprint(f(1))\n";
  const text = "return [x, (x)]";
  for (let typed = 0; typed < text.length; typed++) {
    const document = new Document("def f(x):\n    ", "\nprint(f(1))\n");
    const cache = caching(document, text);
    const found = cache.find(document.type(text.slice(0, typed)).place(), scope);
    assert.ok(found, `after ${typed} characters`);
    assert.equal(document.take(found).text, wanted);
  }
});

test("typed to its end, or past it, there is nothing left", () => {
  const document = new Document("x = ");
  const cache = caching(document, "1");
  assert.equal(cache.find(document.type("1").place(), scope), undefined);
  assert.equal(cache.find(document.type("2").place(), scope), undefined);
});

test("typing something else finds nothing", () => {
  const document = new Document("x = ");
  const cache = caching(document, "one");
  assert.equal(cache.find(document.type("t").place(), scope), undefined);
});

test("after a wrong character is taken back, it is found again", () => {
  const document = new Document("x = ");
  const cache = caching(document, "one");
  assert.equal(cache.find(document.type("on!").place(), scope), undefined);
  document.before = document.before.slice(0, -1);
  assert.equal(cache.find(document.place(), scope)?.text, "e");
});

test("a bracket that the editor closed is replaced, not doubled", () => {
  const document = new Document("class A:\n    def f", "\n");
  const cache = caching(document, "(self):\n        return 1");
  const found = cache.find(document.typeClosed("(", ")").place(), scope);
  assert.deepEqual(found && { text: found.text, replaces: found.replaces }, {
    text: "self):\n        return 1",
    replaces: 1,
  });
  assert.equal(document.take(found ?? assert.fail()).text, "class A:\n    def f(self):\n        return 1\n");
});

test("a bracket that the editor closed and the completion ends with is left where it is", () => {
  const document = new Document("print");
  const cache = caching(document, "(x)");
  const found = cache.find(document.typeClosed("(", ")").place(), scope);
  assert.deepEqual(found && { text: found.text, replaces: found.replaces }, { text: "x", replaces: 0 });
});

test("brackets closed on the next line are left where they are", () => {
  const document = new Document("function f() ", "\n");
  const cache = caching(document, "{\n  return 1;\n}");
  document.typeClosed("{", "}").type("\n  ");
  document.after = `\n${document.after}`;
  const found = cache.find(document.place(), scope) ?? assert.fail();
  assert.equal(found.text, "return 1;");
  assert.equal(document.take(found).text, "function f() {\n  return 1;\n}\n");
});

test("a bracket that the completion does not close there is no match", () => {
  const document = new Document("f");
  const cache = caching(document, "(\n    x\n) + 1");
  assert.equal(cache.find(document.typeClosed("(", ")").place(), scope), undefined);
});

test("an empty completion is kept too, at its place only", () => {
  const document = new Document("x = ");
  const cache = caching(document, "");
  assert.equal(cache.find(document.place(), scope)?.text, "");
  assert.equal(cache.find(document.type("1").place(), scope), undefined);
});

test("the text and everything else that changes a completion count", () => {
  const document = new Document("x = ", "\ny = 2\n");
  const cache = caching(document, "1");
  assert.equal(cache.find(document.place(), "go"), undefined);
  assert.equal(cache.find(new Document("x = ", "\ny = 3\n").place(), scope), undefined);
  assert.equal(cache.find(new Document("a = 0\nx = ", "\ny = 2\n").place(), scope), undefined);
  assert.ok(cache.find(document.place(), scope));
});

test("closers that appear without anything typed are not the editor's", () => {
  const cache = caching(new Document("x = "), "f(1)");
  assert.equal(cache.find(new Document("x = ", ")").place(), scope), undefined);
});

test("when other weights answer, what the earlier ones wrote is dropped", () => {
  const first = new Document("x = ");
  const cache = caching(first, "1");
  cache.put(new Document("y = ").place(), scope, whole("2", { weights: "w+adapter" }));
  assert.equal(cache.find(first.place(), scope), undefined);
});

test("a completion holds for ten minutes", () => {
  let now = 0;
  const cache = new CompletionCache(64, () => now);
  const place = new Document("x = ").place();
  cache.put(place, scope, whole("1"));
  now = 599_000;
  assert.ok(cache.find(place, scope));
  now = 600_000;
  assert.equal(cache.find(place, scope), undefined);
});

test("a second completion for a place takes the place of the first", () => {
  const document = new Document("x = ");
  const cache = caching(document, "one");
  cache.put(document.place(), scope, whole("two"));
  assert.equal(cache.find(document.type("o").place(), scope), undefined);
});

test("a dismissed completion is known as such all along its text", () => {
  const document = new Document("x = ");
  const cache = new CompletionCache();
  const found = whole("12");
  cache.put(document.place(), scope, found);
  cache.dismiss(found);
  assert.equal(cache.find(document.place(), scope)?.dismissed, true);
  assert.equal(cache.find(document.type("1").place(), scope)?.dismissed, true);
  cache.dismiss(found, false);
  assert.equal(cache.find(document.place(), scope)?.dismissed, false);
});

test("in a long file a window that moves on is the same place", () => {
  const line = "value = compute(1, 2, 3, 4, 5, 6)\n";
  for (const lines of [1_170, 1_175, 1_176, 1_177, 1_180, 5_000]) {
    const document = new Document(line.repeat(lines), line.repeat(lines));
    const text = "a = 1\n".repeat(40).trimEnd();
    const cache = caching(document, text);
    for (let typed = 1; typed < text.length; typed++) {
      document.type(text.charAt(typed - 1));
      assert.equal(cache.find(document.place(), scope)?.text, text.slice(typed), `${lines} lines, ${typed} typed`);
    }
  }
});

test("in one long line too", () => {
  const document = new Document("x".repeat(100_000), "y".repeat(100_000));
  const cache = caching(document, "abcdef");
  assert.equal(cache.find(document.type("abc").place(), scope)?.text, "def");
});

test("the oldest is dropped first", () => {
  const cache = new CompletionCache(2);
  for (const name of ["a", "b", "c"]) cache.put(new Document(`${name} = `).place(), scope, whole("1"));
  assert.equal(cache.find(new Document("a = ").place(), scope), undefined);
  assert.ok(cache.find(new Document("b = ").place(), scope));
});
