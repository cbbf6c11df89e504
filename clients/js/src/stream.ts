/** An answer while it is written. */

import { follow } from "./deadline.js";
import { SFM2Error, StreamInterruptedError } from "./errors.js";
import { EventReader, type Streamed } from "./events.js";
import type { Camel } from "./naming.js";
import type { Call } from "./requests.js";
import { errorOf, isEventStream } from "./responses.js";
import { chunks, type Opened, type Transport } from "./transport.js";
import type { Answers, CallOptions, Chunk, Completion, Explanation } from "./types.js";

const LINGER = 1000; // milliseconds to wait for the connection to end after `done`

/**
 * Chunks as they come. To leave the loop early stops the work on the server.
 *
 * Iterating throws what the call for the whole answer does, and `StreamInterruptedError` when the stream ends before it was
 * done.
 */
class AnswerStream<Name extends Streamed> implements AsyncIterableIterator<Chunk> {
  #result: Camel<Answers[Name]> | undefined;
  #closed = false;
  readonly #name: Name;
  readonly #stop = new AbortController();
  readonly #chunks: AsyncGenerator<Chunk, void, undefined>;

  /** @internal */
  constructor(name: Name, transport: Transport, call: Call, how: CallOptions) {
    this.#name = name;
    this.#chunks = this.#run(transport, call, how);
  }

  /** The whole answer, after the last chunk; before that undefined. */
  get result(): Camel<Answers[Name]> | undefined {
    return this.#result;
  }

  /** Reads the chunks that are left. */
  protected async whole(): Promise<Camel<Answers[Name]>> {
    while (!(await this.next()).done);
    if (this.#result) return this.#result;
    throw new StreamInterruptedError("the stream was left before it was done");
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Chunk, undefined>> {
    return this.#chunks.next() as Promise<IteratorResult<Chunk, undefined>>;
  }

  /** What `break` calls. */
  async return(): Promise<IteratorResult<Chunk, undefined>> {
    await this.close();
    return { done: true, value: undefined };
  }

  /** Stop the work, also while a chunk is waited for, and let the connection go. Again is harmless. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#stop.abort();
    await this.#chunks.return();
  }

  async *#run(transport: Transport, call: Call, how: CallOptions): AsyncGenerator<Chunk, void, undefined> {
    const unfollow = follow(this.#stop, how.signal);
    try {
      yield* this.#read(transport, call, { ...how, signal: this.#stop.signal });
    } catch (error) {
      if (!this.#closed) throw error;
    } finally {
      unfollow();
    }
  }

  async *#read(transport: Transport, call: Call, how: CallOptions): AsyncGenerator<Chunk, void, undefined> {
    const opened = await transport.open(call, how);
    if (!isEventStream(opened.response)) throw errorOf(await transport.read(opened, how));
    const reader = new EventReader(this.#name, opened.response.headers.get("X-Request-ID"));
    try {
      yield* this.#events(opened, reader);
    } catch (error) {
      if (how.signal?.aborted) throw how.signal.reason;
      if (error instanceof SFM2Error) throw error;
      if (this.#result) return; // a failure after `done` loses nothing
      const why = opened.deadline.passed ? "nothing came in time" : String(error);
      throw reader.interrupted(`the connection broke before the stream was done (${why})`, error);
    }
    if (!this.#result) throw reader.interrupted("the stream ended before it was done");
  }

  /** Waits for the end after `done`, so that the connection can be reused. */
  async *#events(opened: Opened, reader: EventReader<Name>): AsyncGenerator<Chunk, void, undefined> {
    for await (const bytes of chunks(opened)) {
      if (this.#result) return;
      yield* reader.feed(bytes);
      this.#result = reader.result;
      if (this.#result) opened.deadline.limit(LINGER);
    }
  }
}

/** The stream of a completion. */
export class GenerationStream extends AnswerStream<"Completion"> {
  /** The whole completion; reads the chunks that are left. Throws as iterating does. */
  completion(): Promise<Completion> {
    return this.whole();
  }
}

/** The stream of an explanation. */
export class ExplanationStream extends AnswerStream<"Explanation"> {
  /** The whole explanation; reads the chunks that are left. Throws as iterating does. */
  explanation(): Promise<Explanation> {
    return this.whole();
  }
}
