/** Ends a request that its caller gave up, or whose server was silent for too long. */

const LONGEST_TIMER = 2 ** 31 - 1; // milliseconds; what is longer would end at once

export class Deadline {
  readonly #controller = new AbortController();
  readonly #unfollow: () => void;
  #milliseconds: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #passed = false;

  /** `milliseconds` for each wait: `touch` begins a new one. */
  constructor(milliseconds: number, caller: AbortSignal | undefined) {
    this.#milliseconds = Math.min(milliseconds, LONGEST_TIMER);
    this.#unfollow = follow(this.#controller, caller);
    this.touch();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether it was the silence that ended the request. */
  get passed(): boolean {
    return this.#passed;
  }

  touch(): void {
    this.pause();
    this.#timer = setTimeout(() => {
      this.#passed = true;
      this.#controller.abort();
    }, this.#milliseconds);
  }

  /** While it is the caller who takes time. */
  pause(): void {
    clearTimeout(this.#timer);
  }

  /** Waits no longer than this from now on. */
  limit(milliseconds: number): void {
    this.#milliseconds = Math.min(this.#milliseconds, milliseconds);
  }

  /** Lets go of the timer and of the caller's signal. Again is harmless. */
  end(): void {
    this.pause();
    this.#unfollow();
  }

  /** Ends the request itself, too. */
  abandon(): void {
    this.end();
    this.#controller.abort();
  }
}

/** Aborts `controller` when `signal` is, for the same reason; what it gives back ends that. Node 18 has no `AbortSignal.any`. */
export function follow(controller: AbortController, signal: AbortSignal | undefined): () => void {
  const abort = (): void => controller.abort(signal?.reason);
  if (signal?.aborted) abort();
  signal?.addEventListener("abort", abort, { once: true });
  return () => signal?.removeEventListener("abort", abort);
}

/** Waits; rejects with the signal's reason when that comes first. */
export function sleep(seconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, seconds * 1000);
    if (signal?.aborted) stop();
    signal?.addEventListener("abort", stop, { once: true });
  });
}
