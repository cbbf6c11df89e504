import assert from "node:assert/strict";
import { test } from "node:test";
import { type Outcome, Outcomes, type Verdict } from "../../src/pure/outcomes";

/** A file whose edits are told to `Outcomes`, and all that it has said. */
class Session {
  now = 0;
  text = "x = ";
  readonly said: Verdict[] = [];
  readonly outcomes = new Outcomes(() => this.now);

  show(text: string, id = "1", more = false): this {
    this.said.push(...this.outcomes.shown(id, "a.py", this.text.length, text, more));
    return this;
  }

  end(id = "1"): this {
    this.said.push(...this.outcomes.ended(id));
    return this;
  }

  type(...keys: string[]): this {
    for (const key of keys) this.replace(this.text.length, 0, key);
    return this;
  }

  replace(offset: number, length: number, text: string): this {
    this.text = this.text.slice(0, offset) + text + this.text.slice(offset + length);
    this.said.push(...this.outcomes.edited("a.py", [{ offset, length, text }]));
    return this;
  }

  wait(milliseconds: number): this {
    this.now += milliseconds;
    return this;
  }

  says(...expected: Outcome[]): void {
    assert.deepEqual(
      this.said.map(({ outcome }) => outcome),
      expected,
    );
  }
}

test("taken at once: accepted, and said once though edit and command both tell it", () => {
  const session = new Session().show("compute(1)").type("compute(1)");
  session.said.push(...session.outcomes.accepted("1"));
  session.says("accepted");
});

test("the command alone tells it, where the editor made another edit of it", () => {
  const session = new Session().show("f(1)");
  session.said.push(...session.outcomes.accepted("1"));
  session.says("accepted");
});

test("typed to its end: accepted", () => new Session().show("abc").type("a", "b", "c").says("accepted"));

test("typed past: rejected", () => new Session().show("abc").type("a", "x").says("rejected"));

test("something else typed: rejected", () => new Session().show("abc").type("x").says("rejected"));

test("taken by words, then left: edited", () => {
  const session = new Session().show("first second third").type("first", " second");
  session.said.push(...session.outcomes.left());
  session.says("edited");
});

test("taken by words to its end: accepted", () => {
  new Session().show("first second").type("first", " second").says("accepted");
});

test("looked at and left: rejected", () => {
  const session = new Session().show("abc").wait(1_500);
  session.said.push(...session.outcomes.left());
  session.says("rejected");
});

test("gone before anybody could read it: nothing", () => {
  const session = new Session().show("abc").wait(200);
  session.said.push(...session.outcomes.left());
  session.says();
});

test("taken, then changed: edited, once", () => {
  const session = new Session().show("compute(1)").type("compute(1)").wait(5_000);
  session.replace(12, 1, "2").replace(12, 1, "3").says("accepted", "edited");
});

test("taken, then undone: rejected", () => {
  new Session().show("abc").type("abc").replace(4, 3, "").says("accepted", "rejected");
});

test("what is written above and below what was taken changes nothing", () => {
  new Session().show("abc").type("abc").replace(0, 0, "import os\n").type("\ny = 2").says("accepted");
});

test("it is watched for a minute", () => {
  new Session().show("abc").type("abc").wait(61_000).replace(5, 1, "z").says("accepted");
});

test("a bracket with the closer that the editor adds agrees", () => {
  new Session().show("(self):").type("()").replace(5, 0, "self").says();
});

test("lines that end in two characters agree", () => {
  const session = new Session().show("a\nb\nc");
  session.replace(4, 0, "a").replace(5, 0, "\r\n").replace(7, 0, "b").replace(8, 0, "\r\n").replace(10, 0, "c");
  session.says("accepted");
});

test("another file's edits are none of its business", () => {
  const session = new Session().show("abc");
  session.said.push(...session.outcomes.edited("b.py", [{ offset: 4, length: 0, text: "x" }]));
  session.says();
});

test("the first line taken before the others came, and then those: accepted, once", () => {
  const session = new Session().show("a", "1", true).type("a");
  session.said.push(...session.outcomes.accepted("1"));
  session.says();
  session.show("\nb").type("\nb").says("accepted");
});

test("the first line taken, and nothing came after it: accepted when that is known", () => {
  new Session().show("a", "1", true).type("a").end().says("accepted");
});

test("the first line taken, the others typed past: edited", () => {
  new Session().show("a", "1", true).type("a").show("\nb").type("x").says("edited");
});

test("the first line taken, something else typed before the others came: edited", () => {
  new Session().show("a", "1", true).type("a", "x").says("edited");
});

test("the first line is all there is: accepted as ever", () => {
  new Session().show("abc", "1", true).end().type("abc").says("accepted");
});
