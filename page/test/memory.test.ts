import assert from "node:assert/strict";
import { test } from "node:test";
import type { Completion } from "../src/api/wire.ts";
import { type Answer, Memory, type Question } from "../src/editor/memory.ts";

const at = (prefix: string, more: Partial<Question> = {}): Question => ({ prefix, suffix: "", settings: "s", ...more });

function remembering(prefix: string, completion: string): { memory: Memory; answer: Answer } {
  const memory = new Memory();
  const answer = { question: at(prefix), completion: { completion } as Completion, seconds: 1, dismissed: false };
  memory.add(answer);
  return { memory, answer };
}

test("typing along a suggestion finds it again, with what is typed", () => {
  const { memory } = remembering("def f", "(x):\n    return x");
  assert.equal(memory.find(at("def f"))?.typed, 0);
  assert.equal(memory.find(at("def f(x"))?.typed, 2);
  assert.equal(memory.find(at("def f(x):\n    "))?.typed, 9);
});

test("something else, all of it, another suffix or other settings are another question", () => {
  const { memory } = remembering("def f", "(x):");
  assert.equal(memory.find(at("def f(y")), null);
  assert.equal(memory.find(at("def f(x):")), null);
  assert.equal(memory.find(at("def ")), null);
  assert.equal(memory.find(at("def f", { suffix: ")" })), null);
  assert.equal(memory.find(at("def f", { settings: "t" })), null);
});

test("an empty answer holds where it was given, so that nobody asks twice", () => {
  const { memory } = remembering("x = ", "");
  assert.equal(memory.find(at("x = "))?.answer.completion.completion, "");
  assert.equal(memory.find(at("x = 1")), null);
});

test("a dismissed answer is known at its place and nowhere else", () => {
  const { memory, answer } = remembering("x = ", "12");
  answer.dismissed = true;
  assert.equal(memory.find(at("x = "))?.answer, answer);
  assert.equal(memory.find(at("x = 1")), null);
});

test("the nearest answer counts, and the oldest are forgotten", () => {
  const memory = new Memory(2);
  const add = (prefix: string, completion: string) =>
    memory.add({ question: at(prefix), completion: { completion } as Completion, seconds: 1, dismissed: false });
  add("a", "bcd");
  add("ab", "cxx");
  assert.equal(memory.find(at("abc"))?.answer.completion.completion, "cxx");
  add("z", "z");
  assert.equal(memory.find(at("a")), null);
});
