import assert from "node:assert/strict";
import { test } from "node:test";
import type { Answer } from "../../src/core/answer";
import { AnswerCache, type Scope } from "../../src/core/cache";
import { Document } from "./document";

const scope: Scope = { server: "http://127.0.0.1:8000", maxLength: 96, adapter: "" };

function answer(text: string, more: Partial<Answer> = {}): Answer {
  return { id: "1", text, confidence: 0.9, backend: "sfm2", weights: "w", ...more };
}

function remembering(document: Document, text: string): AnswerCache {
  const cache = new AnswerCache();
  cache.put(document.place(), scope, answer(text));
  return cache;
}

test("an answer is found again at its place", () => {
  const document = new Document("def f(x):\n    ", "\nprint(f(1))\n");
  const cache = remembering(document, "return x");
  assert.equal(cache.find(document.place(), scope)?.text, "return x");
});

test("each character typed along it shortens it, and it lands as it would have", () => {
  const wanted = "def f(x):\n    return [x, (x)]\nprint(f(1))\n";
  const text = "return [x, (x)]";
  for (let typed = 0; typed < text.length; typed++) {
    const document = new Document("def f(x):\n    ", "\nprint(f(1))\n");
    const cache = remembering(document, text);
    const found = cache.find(document.type(text.slice(0, typed)).place(), scope);
    assert.ok(found, `after ${typed} characters`);
    assert.equal(document.take(found).text, wanted);
  }
});

test("typed to its end, or past it, there is nothing left", () => {
  const document = new Document("x = ");
  const cache = remembering(document, "1");
  assert.equal(cache.find(document.type("1").place(), scope), undefined);
  assert.equal(cache.find(document.type("2").place(), scope), undefined);
});

test("typing something else asks anew", () => {
  const document = new Document("x = ");
  const cache = remembering(document, "one");
  assert.equal(cache.find(document.type("t").place(), scope), undefined);
});

test("after a wrong character is taken back, it is found again", () => {
  const document = new Document("x = ");
  const cache = remembering(document, "one");
  assert.equal(cache.find(document.type("on!").place(), scope), undefined);
  document.before = document.before.slice(0, -1);
  assert.equal(cache.find(document.place(), scope)?.text, "e");
});

test("a bracket that the editor closed is replaced, not doubled", () => {
  const document = new Document("class A:\n    def f", "\n");
  const cache = remembering(document, "(self):\n        return 1");
  const found = cache.find(document.typeClosed("(", ")").place(), scope);
  assert.deepEqual(found && { text: found.text, replaces: found.replaces }, {
    text: "self):\n        return 1",
    replaces: 1,
  });
  assert.equal(document.take(found ?? assert.fail()).text, "class A:\n    def f(self):\n        return 1\n");
});

test("a bracket that the editor closed and the answer ends with is left where it is", () => {
  const document = new Document("print");
  const cache = remembering(document, "(x)");
  const found = cache.find(document.typeClosed("(", ")").place(), scope);
  assert.deepEqual(found && { text: found.text, replaces: found.replaces }, { text: "x", replaces: 0 });
});

test("brackets closed on the next line are left where they are", () => {
  const document = new Document("function f() ", "\n");
  const cache = remembering(document, "{\n  return 1;\n}");
  document.typeClosed("{", "}").type("\n  ");
  document.after = `\n${document.after}`;
  const found = cache.find(document.place(), scope) ?? assert.fail();
  assert.equal(found.text, "return 1;");
  assert.equal(document.take(found).text, "function f() {\n  return 1;\n}\n");
});

test("a bracket that the answer does not close there is no match", () => {
  const document = new Document("f");
  const cache = remembering(document, "(\n    x\n) + 1");
  assert.equal(cache.find(document.typeClosed("(", ")").place(), scope), undefined);
});

test("nothing to say is remembered too, at its place only", () => {
  const document = new Document("x = ");
  const cache = remembering(document, "");
  assert.equal(cache.find(document.place(), scope)?.text, "");
  assert.equal(cache.find(document.type("1").place(), scope), undefined);
});

test("everything that changes the answer is part of the key", () => {
  const document = new Document("x = ", "\ny = 2\n");
  const cache = remembering(document, "1");
  const others: [string, () => unknown][] = [
    ["server", () => cache.find(document.place(), { ...scope, server: "http://other" })],
    ["length", () => cache.find(document.place(), { ...scope, maxLength: 5 })],
    ["adapter", () => cache.find(document.place(), { ...scope, adapter: "mine" })],
    ["path", () => cache.find(document.place("b.py"), scope)],
    ["language", () => cache.find({ ...document.place(), language: "go" }, scope)],
    ["suffix", () => cache.find(new Document("x = ", "\ny = 3\n").place(), scope)],
    ["prefix", () => cache.find(new Document("a = 0\nx = ", "\ny = 2\n").place(), scope)],
  ];
  for (const [name, find] of others) assert.equal(find(), undefined, name);
  assert.ok(cache.find(document.place(), scope));
});

test("when other weights answer, what the earlier ones said is forgotten", () => {
  const first = new Document("x = ");
  const cache = remembering(first, "1");
  cache.put(new Document("y = ").place(), scope, answer("2", { weights: "w+adapter" }));
  assert.equal(cache.find(first.place(), scope), undefined);
});

test("in a long file a window that moves on is the same place", () => {
  const line = "value = compute(1, 2, 3, 4, 5, 6)\n";
  for (const lines of [1_170, 1_175, 1_176, 1_177, 1_180, 5_000]) {
    const document = new Document(line.repeat(lines), line.repeat(lines));
    const text = "a = 1\n".repeat(40).trimEnd();
    const cache = remembering(document, text);
    for (let typed = 1; typed < text.length; typed++) {
      document.type(text.charAt(typed - 1));
      assert.equal(cache.find(document.place(), scope)?.text, text.slice(typed), `${lines} lines, ${typed} typed`);
    }
  }
});

test("in one long line too", () => {
  const document = new Document("x".repeat(100_000), "y".repeat(100_000));
  const cache = remembering(document, "abcdef");
  assert.equal(cache.find(document.type("abc").place(), scope)?.text, "def");
});

test("the oldest is forgotten first", () => {
  const cache = new AnswerCache(2);
  for (const name of ["a", "b", "c"]) cache.put(new Document(`${name} = `).place(), scope, answer("1"));
  assert.equal(cache.find(new Document("a = ").place(), scope), undefined);
  assert.ok(cache.find(new Document("b = ").place(), scope));
});
