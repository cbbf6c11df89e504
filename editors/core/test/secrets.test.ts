import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { isSecret, NO_CODE, SECRET, SECRET_DATA } from "../src/secrets.ts";

const SERVER = new URL("../../../src/sfm2/", import.meta.url);

/** The texts of a list in a TOML file. */
function listed(toml: string, name: string): string[] {
  const list = toml.match(new RegExp(`^${name} = \\[([^\\]]*)\\]`, "m"))?.[1] ?? assert.fail(name);
  return [...list.matchAll(/"([^"]*)"/g)].map((one) => one[1] ?? "");
}

test("the server keeps the same files out of its index", () => {
  const toml = readFileSync(new URL("repository/left_out.toml", SERVER), "utf8");
  assert.deepEqual(SECRET, listed(toml, "secret"));
  assert.deepEqual(SECRET_DATA, listed(toml, "secret_data"));
});

test("what is code is the same, too", () => {
  const [, ...tables] = readFileSync(new URL("languages.toml", SERVER), "utf8").split(/^\[languages\./m);
  const others = tables.filter((table) => /^kind = "(data|markup|prose)"$/m.test(table));
  assert.deepEqual([...NO_CODE].sort(), others.map((table) => table.slice(0, table.indexOf("]"))).sort());
});

const FILES: [string, boolean][] = [
  ["/home/me/shop/.env", true],
  ["/home/me/shop/.ENV.local", true],
  ["C:\\shop\\server.pem", true],
  ["/home/me/.ssh/id_ed25519", true],
  ["/home/me/shop/secrets.yaml", true],
  ["/home/me/shop/secrets.py", false],
  ["/home/me/shop/secrets/readme.py", false],
  ["/home/me/shop/environment.py", false],
];

for (const [path, secret] of FILES) {
  test(`${path} ${secret ? "may hold secrets" : "is code"}`, () => assert.equal(isSecret(path), secret));
}
