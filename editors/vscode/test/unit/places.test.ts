import assert from "node:assert/strict";
import { test } from "node:test";
import { patternOf, placesOf } from "../../src/pure/places";

test("a file is looked for below the workspace's folders, then below those around them", () => {
  assert.deepEqual(placesOf("shop/model.py", ["/w/shop", "/v"]), [
    "/w/shop/shop/model.py",
    "/v/shop/model.py",
    "/w/shop/model.py",
  ]);
  assert.deepEqual(placesOf("/w/a.py", ["/v"]), ["/w/a.py"]);
});

test("no sign of a path is a pattern's", () => {
  assert.equal(patternOf("app/[id]/page.tsx"), "**/app/?id?/page.tsx");
});
