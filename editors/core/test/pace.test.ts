import assert from "node:assert/strict";
import { test } from "node:test";
import { Pace } from "../src/pace.ts";

function delayAfter(...gaps: number[]): number {
  const pace = new Pace();
  let at = 0;
  for (const gap of [0, ...gaps]) {
    at += gap;
    pace.key(at);
  }
  return pace.delay();
}

test("it waits a little longer than the gaps between keys are", () => {
  assert.equal(delayAfter(150, 150, 150), 180);
});

test("never so short that each key of a burst asks, never so long that one waits for it", () => {
  assert.equal(delayAfter(5, 5, 5), 60);
  assert.equal(delayAfter(900, 900, 900), 300);
});

test("a pause for thought does not slow it down", () => {
  assert.equal(delayAfter(100, 100, 20_000, 100), 120);
});

test("before anything is known it does not wait for long", () => assert.equal(delayAfter(), 60));
