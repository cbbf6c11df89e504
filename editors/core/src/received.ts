/** What has been received of a completion: it grows, chunk by chunk, until it is whole or nothing more comes. */
import type { Chunk, Completion } from "sfm2-client";

type Tokens = NonNullable<Chunk["logprobs"]>;

export class Received {
  #text = "";
  #confidence: number | undefined;
  #tokens: Tokens | undefined = [];
  #seconds: number | undefined;
  #completion: Completion | undefined;
  #growing = true;
  #waiting: (() => void)[] = [];

  /** One that came whole, `seconds` after it was requested. */
  static of(completion: Completion, seconds: number): Received {
    const received = new Received();
    received.finish(completion, seconds);
    return received;
  }

  /** So far. What was received stays as it is; the rest comes after it. */
  get text(): string {
    return this.#text;
  }

  /** How likely it is to be right so far; undefined where that is unknown. */
  get confidence(): number | undefined {
    return this.#confidence;
  }

  /** The tokens of the text so far, and how likely each was; undefined where the server does not report them. */
  get tokens(): Tokens | undefined {
    return this.#tokens?.length ? this.#tokens : undefined;
  }

  /** From the request until there was something to show. */
  get seconds(): number {
    return this.#seconds ?? 0;
  }

  /** All of it; undefined until it is whole, and where it never will be. */
  get completion(): Completion | undefined {
    return this.#completion;
  }

  /** Whether more may come. */
  get growing(): boolean {
    return this.#growing;
  }

  /** `seconds` since the request. */
  add(chunk: Chunk, seconds: number): void {
    this.#text += chunk.text;
    this.#seconds ??= seconds;
    this.#confidence = chunk.confidence ?? undefined;
    this.#tokens = chunk.logprobs ? this.#tokens?.concat(chunk.logprobs) : undefined;
    this.#tell();
  }

  finish(completion: Completion, seconds: number): void {
    this.#completion = completion;
    this.#text = completion.completion;
    this.#seconds ??= seconds;
    this.#confidence = completion.confidence;
    this.#tokens = completion.logprobs ?? undefined;
    this.end();
  }

  /** Nothing more will come. */
  end(): void {
    this.#growing = false;
    this.#tell();
  }

  /** The whole, once it is; undefined if it never will be. */
  async whole(): Promise<Completion | undefined> {
    while (this.#growing) await new Promise<void>((done) => this.#waiting.push(done));
    return this.#completion;
  }

  /** Resolves when there is more, when nothing more will come, or when `signal` is aborted. */
  async change(signal: AbortSignal): Promise<void> {
    if (!this.#growing || signal.aborted) return;
    await new Promise<void>((done) => {
      this.#waiting.push(done);
      signal.addEventListener("abort", () => done(), { once: true });
    });
  }

  #tell(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const done of waiting) done();
  }
}
