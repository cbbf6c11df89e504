/** The events of a streamed answer -> chunks, then the whole answer. Pure. */

import { StreamInterruptedError } from "./errors.js";
import { asMessage } from "./forms.js";
import { type Camel, fromWire } from "./naming.js";
import { fromBody, json } from "./responses.js";
import { Decoder, type ServerEvent } from "./sse.js";
import type { Answers, Chunk } from "./types.js";

/** The answers that there are streams of. */
export type Streamed = "Completion" | "Explanation";

/** Bytes in, chunks out. `result` is there after `done`. */
export class EventReader<Name extends Streamed> {
  result: Camel<Answers[Name]> | undefined;
  readonly #name: Name;
  readonly #decoder = new Decoder();
  readonly #requestId: string | null;

  constructor(name: Name, requestId: string | null) {
    this.#name = name;
    this.#requestId = requestId;
  }

  /**
   * The chunks that `bytes` complete. Nothing counts after `done`.
   *
   * Throws what an `error` event carries, and `StreamInterruptedError` for one that is not ours.
   */
  *feed(bytes: Uint8Array): Generator<Chunk, void, undefined> {
    for (const event of this.#decoder.feed(bytes)) {
      if (event.name === "chunk") yield fromWire(this.#read("Chunk", event));
      if (event.name === "error") throw fromBody(this.#read("ErrorBody", event), { requestId: this.#requestId });
      if (event.name === "done") {
        this.result = fromWire(this.#read(this.#name, event));
        return;
      }
    }
  }

  interrupted(message: string, cause?: unknown): StreamInterruptedError {
    return new StreamInterruptedError(message, { requestId: this.#requestId, cause });
  }

  #read<Name extends keyof Answers>(name: Name, event: ServerEvent): Answers[Name] {
    const found = asMessage(name, json(event.data));
    if (found === undefined) throw this.interrupted(`the stream holds something else than ${name} in "${event.name}"`);
    return found;
  }
}
