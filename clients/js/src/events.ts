/** The events of a streamed completion -> chunks, then the whole completion. Pure. */

import { StreamInterruptedError } from "./errors.js";
import { asMessage } from "./forms.js";
import { fromWire } from "./naming.js";
import { fromBody, json } from "./responses.js";
import { Decoder, type ServerEvent } from "./sse.js";
import type { Answers, Chunk, Completion } from "./types.js";

/** Bytes in, chunks out. `result` is there after `done`. */
export class EventReader {
  result: Completion | undefined;
  readonly #decoder = new Decoder();
  readonly #requestId: string | null;

  constructor(requestId: string | null) {
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
        this.result = fromWire(this.#read("Completion", event));
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
