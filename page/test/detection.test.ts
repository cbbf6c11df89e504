import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { Detection } from "../src/write/detection.ts";

test("an answer to text that is there no more does not count", async () => {
  const answers: ((language: "go" | "rust") => void)[] = [];
  const heard: (string | null)[] = [];
  const detection = new Detection(
    () => new Promise((done) => answers.push(done)),
    () => heard.push(detection.language),
  );
  const go = "package main\n".repeat(9);
  const rust = "fn main() {}\n".repeat(9);
  detection.edited(go.length, () => go);
  await wait(5);
  detection.edited(rust.length, () => rust);
  await wait(5);
  answers[1]?.("rust");
  answers[0]?.("go");
  await wait(5);
  assert.deepEqual(heard, ["rust"]);
});

test("what an example says is not talked over by an answer, but by other text", async () => {
  const detection = new Detection(
    () => Promise.resolve("go" as const),
    () => undefined,
  );
  detection.learn("sql", true);
  detection.hear("python");
  assert.equal(detection.language, "sql");
  const pasted = "package main\n".repeat(9);
  detection.edited(pasted.length, () => pasted);
  await wait(5);
  assert.deepEqual([detection.language, detection.sure], ["go", false]);
  detection.edited(0, () => "");
  assert.equal(detection.language, null);
});

test("a language that this page does not know is none", () => {
  const detection = new Detection(
    () => Promise.resolve(null),
    () => undefined,
  );
  for (const name of [null, undefined, "klingon", "toString"]) detection.hear(name);
  assert.equal(detection.language, null);
});
