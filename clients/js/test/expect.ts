import assert from "node:assert/strict";
import type { Chunk } from "../src/index.js";

/** The error that `work` ends with, which is of this class and no other. */
export async function thrown<E extends Error>(
  kind: abstract new (...rest: never[]) => E,
  work: Promise<unknown>,
): Promise<E> {
  const found: unknown = await work.then(
    () => assert.fail(`expected ${kind.name}, and nothing was thrown`),
    (error: unknown) => error,
  );
  assert.equal((found as Error).constructor, kind, String(found));
  return found as E;
}

export async function texts(stream: AsyncIterable<Chunk>): Promise<string[]> {
  const found: string[] = [];
  for await (const chunk of stream) found.push(chunk.text);
  return found;
}
