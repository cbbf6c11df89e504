/** A completion while it is written. */

import { follow } from "./deadline.js";
import { SFM2Error, StreamInterruptedError } from "./errors.js";
import { EventReader } from "./events.js";
import type { Call } from "./requests.js";
import { errorOf, isEventStream } from "./responses.js";
import { chunks, type Opened, type Transport } from "./transport.js";
import type { CallOptions, Chunk, Completion } from "./types.js";

const LINGER = 1000; // milliseconds to wait for the connection to end after `done`

/**
 * Chunks as they come. To leave the loop early stops the work on the server.
 *
 * Iterating throws what `generate` does, and `StreamInterruptedError` when the stream ends before it was done.
 */
export class GenerationStream implements AsyncIterableIterator<Chunk> {
  #result: Completion | undefined;
  #closed = false;
  readonly #stop = new AbortController();
  readonly #chunks: AsyncGenerator<Chunk, void, undefined>;

  /** @internal */
  constructor(transport: Transport, call: Call, how: CallOptions) {
    this.#chunks = this.#run(transport, call, how);
  }

  /** The whole completion, after the last chunk; before that undefined. */
  get result(): Completion | undefined {
    return this.#result;
  }

  /** The whole completion; reads the chunks that are left. Throws as iterating does. */
  async completion(): Promise<Completion> {
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
    const reader = new EventReader(opened.response.headers.get("X-Request-ID"));
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
  async *#events(opened: Opened, reader: EventReader): AsyncGenerator<Chunk, void, undefined> {
    for await (const bytes of chunks(opened)) {
      if (this.#result) return;
      yield* reader.feed(bytes);
      this.#result = reader.result;
      if (this.#result) opened.deadline.limit(LINGER);
    }
  }
}
