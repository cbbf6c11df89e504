import assert from "node:assert/strict";
import { test } from "node:test";
import { isLocal, portOf } from "../../src/pure/address";

const CASES: [string, boolean, number][] = [
  ["http://127.0.0.1:8000", true, 8000],
  ["http://localhost", true, 80],
  ["http://[::1]:9000", true, 9000],
  ["https://gpu.example", false, 443],
  ["http://127.0.0.1.example:8000", false, 8000],
];

for (const [url, local, port] of CASES) {
  test(`${url} is ${local ? "" : "not "}this machine, port ${port}`, () => {
    assert.equal(isLocal(url), local);
    assert.equal(portOf(url), port);
  });
}

test("what is no address is nowhere", () => assert.equal(isLocal("not an address"), false));
