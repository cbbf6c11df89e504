import assert from "node:assert/strict";
import { test } from "node:test";
import { contextOf, type FoundDefinition, type Known, type OpenFile, ROOM, ROOM_BESIDE_INDEX } from "../src/context.ts";
import { linesIn, numbered } from "./lines.ts";

const now = 10_000_000;

function open(name: string, text: string, more: Partial<OpenFile> = {}): OpenFile {
  const lines = linesIn(text);
  return { path: name, file: `/w/${name}`, lines, unsaved: false, edits: [], inView: undefined, ...more };
}

/** Edited in this line (from 0), so many seconds ago. */
function edited(line: number, seconds = 1): Partial<OpenFile> {
  return { edits: [{ first: line, last: line, at: now - 1_000 * seconds }] };
}

function definition(name: string, text: string, first: number, inRepository = true): FoundDefinition {
  return { path: name, file: `/w/${name}`, text, first, last: first + text.split("\n").length - 1, inRepository };
}

function shown(more: Partial<Known>): string[] {
  const nothing = { file: "/w/own.py", near: "", open: [], definitions: [], exclude: [], now };
  return contextOf({ ...nothing, sameMachine: false, ...more }).map(
    ({ path, first, last }) => `${path}:${first}-${last}`,
  );
}

test("the lines around an edit are shown, a short file whole", () => {
  const long = open("long.py", numbered("x", 200), edited(99));
  const short = open("short.py", numbered("y", 10), edited(9));
  assert.deepEqual(shown({ open: [long, short] }), ["short.py:1-10", "long.py:94-106"]);
});

test("the most useful come last: definitions, before them what was edited last", () => {
  const files = [open("a.py", numbered("a", 5), edited(1, 9)), open("b.py", numbered("b", 5), edited(1, 3))];
  const found = [definition("c.py", "class C: ...", 3), definition("d.py", "class D: ...", 4)];
  assert.deepEqual(shown({ open: files, definitions: found }), ["a.py:1-5", "b.py:1-5", "d.py:4-4", "c.py:3-3"]);
});

test("the document itself, secrets and what is excluded are never shown", () => {
  const names = ["own.py", ".env", "server.pem", "private/a.py", "fine.py"];
  const files = names.map((name) => open(name, numbered("x", 5), { unsaved: true }));
  const found = names.map((name) => definition(name, "class C: ...", 50));
  const known = { open: files, definitions: found, exclude: ["private/*"] };
  assert.deepEqual(shown(known), ["fine.py:1-5", "fine.py:50-50"]);
});

test("no line is shown twice", () => {
  const file = open("a.py", numbered("x", 200), edited(99));
  const found = [definition("a.py", numbered("x", 10), 101), definition("a.py", "x", 100)];
  assert.deepEqual(shown({ open: [file], definitions: found }), ["a.py:94-106", "a.py:107-110"]);
});

test("what was saved a while ago counts as any other file; what is unsaved stays", () => {
  const old = edited(50, 3_600);
  const saved = open("saved.py", numbered("x", 99), old);
  const unsaved = open("unsaved.py", numbered("x", 99), { ...old, unsaved: true });
  assert.deepEqual(shown({ open: [saved, unsaved] }), ["unsaved.py:45-57"]);
});

test("of a file that is unsaved since the last session the part in view is shown", () => {
  const file = open("a.py", numbered("x", 99), { unsaved: true, inView: { first: 49, last: 60 } });
  assert.deepEqual(shown({ open: [file] }), ["a.py:44-67"]);
});

test("of open files what is like the lines around the cursor is shown, if anything is", () => {
  const text = `${numbered("x", 45)}\ndef total(cart, discount):\n    return cart.gross - discount\n${"\n".repeat(40)}`;
  const files = [open("alike.py", text), open("other.py", numbered("z", 40))];
  assert.deepEqual(shown({ open: files, near: "def net(cart, discount):\n    return cart.gross" }), ["alike.py:41-47"]);
  assert.deepEqual(shown({ open: files, near: "something = quite.different(from_that)" }), []);
});

test("a server on the same machine is sent what it can't read: edits, and what is outside of the repository", () => {
  const near = "def total(cart, discount): return cart.gross";
  const files = [open("edited.py", numbered("x", 9), edited(1)), open("unchanged.py", near)];
  const definitions = [
    definition("unchanged.py", "class A: ...", 3),
    definition("edited.py", "class B: ...", 30),
    definition("lib/requests.py", "class C: ...", 4, false),
  ];
  const known = { open: files, definitions, near, sameMachine: true };
  assert.deepEqual(shown(known), ["edited.py:1-9", "lib/requests.py:4-4", "edited.py:30-30"]);
  assert.equal(shown({ ...known, sameMachine: false }).length, 5);
});

test("there is room for definitions however much was edited, and all is within the limit", () => {
  const files = Array.from({ length: 9 }, (_, n) => open(`${n}.py`, numbered("changed", 39), edited(1, n)));
  const definitions = Array.from({ length: 9 }, (_, n) => definition(`lib/${n}.py`, numbered("defined", 20), 1, false));
  for (const sameMachine of [false, true]) {
    const nothing = { file: "/w/own.py", near: "", exclude: [], now };
    const found = contextOf({ ...nothing, open: files, definitions, sameMachine });
    const size = found.reduce((sum, one) => sum + one.text.length + one.path.length, 0);
    assert.ok(size <= (sameMachine ? ROOM_BESIDE_INDEX : ROOM), `${size}`);
    assert.ok(
      found.some(({ path }) => path === "0.py"),
      "the newest edit",
    );
    assert.equal(found.at(-1)?.path, "lib/0.py");
  }
});

test("the same is known, the same is shown", () => {
  const files = [open("a.py", numbered("a", 200), edited(20)), open("b.py", numbered("b", 9), edited(1))];
  const known = { open: files, definitions: [definition("c.py", "class C: ...", 3)] };
  assert.deepEqual(shown(known), shown({ ...known, now: now + 30_000 }));
});
