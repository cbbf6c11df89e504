import assert from "node:assert/strict";
import { test } from "node:test";
import { extensionOf } from "../src/connect/extension.ts";

const answers = (status: number) => async () => new Response(null, { status });

test("the extension is linked where the server has it", async () => {
  assert.equal(await extensionOf("http://x", answers(200)), "http://x/editors/sfm2.vsix");
  assert.equal(await extensionOf("http://x", answers(404)), undefined);
  assert.equal(await extensionOf("http://x", () => Promise.reject(new TypeError("fetch failed"))), undefined);
});
