/** The core passes the recorded traces, which the language server passes too: `tests/traces/README.md`. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, mock, test } from "node:test";
import { APIConnectionError, type Chunk, type Completion } from "sfm2-client";
import { isExcluded } from "../src/exclusion.ts";
import { type CompletionRequest, Suggester, type Suggestion } from "../src/suggester.ts";
import { completion } from "./completion.ts";
import { Document } from "./document.ts";

interface Answer {
  prefix: string;
  suffix: string;
  completion: string;
  confidence?: number;
  weights?: string;
  takes?: number;
  chunks?: { at: number; text: string; confidence?: number }[];
  fails?: boolean;
  cancelled?: boolean;
}

interface Step {
  type?: string;
  closes?: string;
  delete?: number;
  move?: number;
  wait?: number;
  ask?: boolean;
  dismiss?: boolean;
  accept?: "all" | number;
  asks?: boolean;
  ghost?: string | null;
  grown?: string;
  replaces?: number;
  text?: string;
}

interface Trace {
  about: string;
  before: string;
  after: string;
  settings: { delay: number; minConfidence: number };
  answers: Answer[];
  steps: Step[];
}

const FOLDER = join(import.meta.dirname, "../../../tests/traces");

/** An editor in which a trace is played. */
class Player {
  readonly #document: Document;
  readonly #suggester = new Suggester((request, signal, heard) => this.#answer(request, signal, heard), {
    grew: () => {
      if (this.#shown) this.#shown = this.#suggester.recall(this.#request());
    },
  });
  readonly #cancelled: number[] = [];
  #asked = 0;
  #shown: Suggestion | undefined;
  #running = new AbortController();

  constructor(private readonly trace: Trace) {
    this.#document = new Document(trace.before, trace.after);
  }

  async play(): Promise<void> {
    for (const [index, step] of this.trace.steps.entries()) {
      await this.#do(step);
      this.#check(step, `step ${index + 1}, ${JSON.stringify(step)}`);
    }
    assert.equal(this.#asked, this.trace.answers.length, "requests");
    const cancelled = [...this.trace.answers.entries()]
      .filter(([, answer]) => answer.cancelled)
      .map(([index]) => index);
    assert.deepEqual(this.#cancelled, cancelled, "cancelled requests");
  }

  async #do(step: Step): Promise<void> {
    if (step.type !== undefined) this.#edit(step.type, step.closes ?? "");
    if (step.delete !== undefined) this.#delete(step.delete);
    if (step.move !== undefined) this.#move(step.move);
    if (step.ask) this.#suggest(true, true);
    if (step.dismiss && this.#shown) this.#dismiss(this.#shown);
    if (step.accept !== undefined && this.#shown) this.#accept(this.#shown, step.accept);
    if (step.asks) this.#suggest(false, true);
    await settled();
    if (step.wait !== undefined) await pass(step.wait);
  }

  #edit(text: string, closes: string): void {
    this.#document.before += text;
    this.#document.after = closes + this.#document.after;
    this.#suggest(false, true);
  }

  #delete(count: number): void {
    this.#document.before = this.#document.before.slice(0, -count);
    this.#suggest(false, false);
  }

  #move(by: number): void {
    const { text, before } = this.#document;
    this.#document.before = text.slice(0, before.length + by);
    this.#document.after = text.slice(before.length + by);
    this.#running.abort();
    this.#shown = undefined;
  }

  #dismiss(shown: Suggestion): void {
    this.#suggester.dismiss(shown);
    this.#shown = undefined;
  }

  #accept(shown: Suggestion, part: "all" | number): void {
    if (part === "all") this.#document.take(shown);
    else this.#document.type(shown.text.slice(0, part));
    this.#shown = part === "all" ? undefined : this.#suggester.recall(this.#request());
  }

  #request(): CompletionRequest {
    return { place: this.#document.place(), options: { maxLength: 96 } };
  }

  #suggest(invoked: boolean, mayAsk: boolean): void {
    const running = new AbortController();
    const before = this.#running;
    this.#running = running;
    if (!invoked) this.#shown = undefined;
    const how = { ...this.trace.settings, invoked, mayAsk: () => mayAsk };
    const found = this.#suggester.suggest(this.#request(), how, running.signal);
    before.abort();
    found.then(
      (suggestion) => {
        if (!running.signal.aborted) this.#shown = suggestion;
      },
      (error: unknown) => assert.ok(error instanceof APIConnectionError, String(error)),
    );
  }

  async #answer({ place }: CompletionRequest, signal: AbortSignal, heard: (chunk: Chunk) => void): Promise<Completion> {
    const index = this.#asked++;
    const answer = this.trace.answers[index];
    assert.ok(answer, `a request that the trace does not have: ${JSON.stringify(place)}`);
    assert.deepEqual([place.prefix, place.suffix], [answer.prefix, answer.suffix], `request ${index + 1}`);
    signal.addEventListener("abort", () => this.#cancelled.push(index));
    for (const { at, text, confidence = null } of answer.chunks ?? []) {
      setTimeout(() => heard({ text, confidence, logprobs: null }), at);
    }
    await new Promise<void>((done, fail) => {
      setTimeout(done, answer.takes ?? 10);
      signal.addEventListener("abort", () => fail(signal.reason));
    });
    if (answer.fails) throw new APIConnectionError("refused");
    const { confidence = 0.9, weights = null } = answer;
    return completion(answer.completion, { id: `${index + 1}`, confidence, weights });
  }

  #check(step: Step, what: string): void {
    if (step.grown !== undefined) assert.equal(this.#shown?.text, step.grown, what);
    if (step.ghost !== undefined) assert.equal(this.#shown?.text ?? null, step.ghost, what);
    if (step.replaces !== undefined) assert.equal(this.#shown?.replaces, step.replaces, what);
    if (step.text !== undefined) assert.equal(`${this.#document.before}|${this.#document.after}`, step.text, what);
  }
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 30; turn++) await Promise.resolve();
}

/** Time goes by; what is due happens in its order. */
async function pass(milliseconds: number): Promise<void> {
  const step = milliseconds > 10_000 ? 100 : 10;
  for (let passed = 0; passed < milliseconds; passed += step) {
    mock.timers.tick(Math.min(step, milliseconds - passed));
    await settled();
  }
}

beforeEach(() => mock.timers.enable({ apis: ["setTimeout", "Date"] }));
afterEach(() => mock.timers.reset());

for (const name of readdirSync(join(FOLDER, "ghost-text"))) {
  const trace: Trace = JSON.parse(readFileSync(join(FOLDER, "ghost-text", name), "utf8"));
  test(`${name}: ${trace.about}`, () => new Player(trace).play());
}

const EXCLUSIONS: { pattern: string; path: string; excluded: boolean }[] = JSON.parse(
  readFileSync(join(FOLDER, "exclusion.json"), "utf8"),
);
for (const { pattern, path, excluded } of EXCLUSIONS) {
  test(`${pattern} ${excluded ? "excludes" : "does not exclude"} ${path}`, () => {
    assert.equal(isExcluded(path, [pattern]), excluded);
  });
}
