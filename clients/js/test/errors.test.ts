/** The classes here are those of `sfm2.errors`. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { classOf } from "../src/errors.js";
import * as sfm2 from "../src/index.js";
import { python } from "./service.js";

interface Described {
  code: string;
  name: string;
  status: number;
  ancestors: string[];
}

const SCRIPT = `
import json
from sfm2.error_tables import by_code
from sfm2.errors import SFM2Error
print(json.dumps([
    {"code": code, "name": kind.__name__, "status": kind.status,
     "ancestors": [base.__name__ for base in kind.__mro__ if issubclass(base, SFM2Error)]}
    for code, kind in by_code().items()
]))`;

const inPython: Described[] = JSON.parse(execFileSync(python(), ["-c", SCRIPT], { encoding: "utf8" }));
const exported = new Map<unknown, string>(Object.entries(sfm2).map(([name, value]) => [value, name]));

for (const { code, name, status, ancestors } of inPython) {
  test(`${code} is ${name}, as in Python`, () => {
    const kind = classOf(code);
    assert.ok(kind);
    assert.equal(exported.get(kind), name);
    const error = new kind("what happened");
    assert.deepEqual({ code: error.code, status: error.status, name: error.name }, { code, status, name });
    const lineage: string[] = [];
    for (let at: unknown = kind; exported.has(at); at = Object.getPrototypeOf(at)) lineage.push(exported.get(at) ?? "");
    assert.deepEqual(lineage, ancestors);
  });
}

test("an error tells what it knows", () => {
  const error = new sfm2.ModelUnavailableError("none could", {
    fallbackModel: "echo",
    retryAfter: 3,
    details: { tried: 2 },
    requestId: "r1",
    cause: "why",
  });
  assert.ok(error instanceof sfm2.SFM2Error && error instanceof Error);
  assert.equal(String(error), "ModelUnavailableError: none could");
  assert.equal(error.fallbackUsed, "echo");
  assert.deepEqual([error.retryAfter, error.details, error.requestId, error.cause], [3, { tried: 2 }, "r1", "why"]);
  assert.equal(error.suggestion, "Check model health endpoint");
});
