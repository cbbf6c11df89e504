import assert from "node:assert/strict";
import { test } from "node:test";
import { YOUR_KEY } from "../src/connect/recipe.ts";
import { recipes } from "../src/connect/recipes.ts";

const URL = "http://10.1.2.3:8000";
const codes = (locked: boolean) =>
  recipes({ url: URL, locked }).map(({ id, snippets }) => [id, snippets.map((one) => one.code).join("\n")] as const);

test("every recipe names this server", () => {
  for (const [id, code] of codes(false)) assert.ok(code.includes(URL), id);
});

test("a key is asked for where the server wants one, and nowhere else", () => {
  for (const [id, code] of codes(false)) assert.ok(!code.includes(YOUR_KEY), id);
  const itself = ["vscode", "notebook"]; // these ask for it, and keep it better than a file would
  for (const [id, code] of codes(true)) assert.equal(code.includes(YOUR_KEY), !itself.includes(id), id);
});
