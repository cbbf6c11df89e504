import assert from "node:assert/strict";
import { test } from "node:test";
import { isLibrary, outsideName } from "../../src/pure/library";

const PATHS: [string, boolean][] = [
  ["src/shop/model.py", false],
  ["node_modules/left-pad/index.js", true],
  [".venv/lib/python3.12/site-packages/requests/api.py", true],
  ["build/generated.ts", true],
  ["src/build.py", false],
  ["src/environment/a.py", false],
];

for (const [path, library] of PATHS) {
  test(`${path} is ${library ? "others' code" : "the repository's"}`, () => assert.equal(isLibrary(path), library));
}

test("a file of a package is called by its path in it, any other by its name", () => {
  assert.equal(outsideName("/usr/lib/python3/dist-packages/requests/api.py"), "requests/api.py");
  assert.equal(outsideName("/p/node_modules/a/node_modules/b/index.d.ts"), "b/index.d.ts");
  assert.equal(outsideName("/x/typeshed/stdlib/json/__init__.pyi"), "stdlib/json/__init__.pyi");
  assert.equal(outsideName("/home/me/notes.md"), "notes.md");
});
