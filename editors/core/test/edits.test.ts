import assert from "node:assert/strict";
import { test } from "node:test";
import { RecentEdits } from "../src/edits.ts";

const file = "/a.py";

/** The places after changes of [first, last, added], a second apart. */
function after(...changes: [number, number, number][]): [number, number][] {
  const edits = new RecentEdits();
  changes.forEach(([first, last, added], index) => {
    edits.edited(file, [{ first, last, added }], 1_000 * index);
  });
  return edits.of(file).map((one) => [one.first, one.last]);
}

test("what is typed line after line is one place", () => {
  assert.deepEqual(after([5, 5, 0], [5, 5, 1], [6, 6, 0], [6, 6, 1]), [[5, 7]]);
});

test("places far apart are several, the newest first", () => {
  assert.deepEqual(after([5, 5, 0], [50, 50, 0]), [
    [50, 50],
    [5, 5],
  ]);
});

test("a place moves with the lines above it", () => {
  assert.deepEqual(after([50, 50, 0], [5, 5, 3]), [
    [5, 8],
    [53, 53],
  ]);
  assert.deepEqual(after([50, 50, 0], [5, 8, 0]), [
    [5, 5],
    [47, 47],
  ]);
});

test("a change across places takes them up", () => {
  assert.deepEqual(after([5, 5, 0], [20, 20, 0], [4, 21, 0]), [[4, 4]]);
});

test("a file that is read anew was not edited there", () => {
  assert.deepEqual(after([5, 5, 0], [0, 400, 380]), []);
});

test("wherever one types, the newest place is where it was, and the others hold what they held", () => {
  let random = 7;
  const next = (below: number) => {
    random = (random * 48_271) % 2_147_483_647;
    return random % below;
  };
  for (let round = 0; round < 300; round++) {
    const edits = new RecentEdits();
    let marks = Array.from({ length: 80 }, () => false);
    for (let step = 0; step < 6; step++) {
      const first = next(marks.length);
      const last = Math.min(marks.length - 1, first + next(3));
      const added = next(4);
      edits.edited(file, [{ first, last, added }], step);
      marks = [...marks.slice(0, first), ...Array.from({ length: added + 1 }, () => true), ...marks.slice(last + 1)];
      const places = edits.of(file);
      const [newest] = places;
      assert.ok(newest && newest.first <= first && newest.last >= first + added);
      const within = (line: number) => places.some((one) => one.first <= line && line <= one.last);
      for (const [line, marked] of marks.entries()) assert.ok(!marked || within(line), `${line} in ${round}`);
      for (const one of places) assert.ok(0 <= one.first && one.first <= one.last);
    }
  }
});

test("of many documents those that were edited last are remembered", () => {
  const edits = new RecentEdits();
  for (let n = 0; n < 30; n++) edits.edited(`/${n}.py`, [{ first: 0, last: 0, added: 0 }], n);
  assert.equal(edits.of("/5.py").length, 0);
  assert.equal(edits.of("/25.py").length, 1);
  edits.forget("/25.py");
  assert.equal(edits.of("/25.py").length, 0);
});
