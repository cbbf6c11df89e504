/** Sends a request as often as is safe, and reads what comes back. */

import { Deadline, sleep } from "./deadline.js";
import { APIConnectionError, APITimeoutError } from "./errors.js";
import { limitsOf, type Options } from "./options.js";
import type { Call } from "./requests.js";
import type { Received } from "./responses.js";
import { afterError, afterResponse, causeOf } from "./retry.js";
import type { CallOptions } from "./types.js";

/** A response whose body is still to be read. */
export interface Opened {
  readonly response: Response;
  readonly deadline: Deadline;
}

export class Transport {
  readonly #options: Options;

  constructor(options: Options) {
    this.#options = options;
  }

  /** A response read whole, whatever its status. Throws as `open`. */
  async send(call: Call, how: CallOptions): Promise<Received> {
    return this.read(await this.open(call, how), how);
  }

  /** A response, whatever its status. Throws `APIConnectionError`, or the reason of a signal that was aborted. */
  async open(call: Call, how: CallOptions): Promise<Opened> {
    const { timeout, policy } = limitsOf(this.#options, how);
    for (let attempt = 0; ; attempt++) {
      const deadline = new Deadline(timeout, how.signal);
      const began = performance.now();
      let wait: number | undefined;
      try {
        const response = await this.#fetch(call, deadline.signal);
        const took = (performance.now() - began) / 1000;
        wait = afterResponse(policy, attempt, response, call.repeatable ?? false, took);
        if (wait === undefined || response.status === call.answer) return { response, deadline };
        deadline.abandon();
      } catch (error) {
        deadline.end();
        wait = how.signal?.aborted ? undefined : afterError(policy, attempt, error, call.repeatable ?? false);
        if (wait === undefined) throw this.#failure(error, deadline, how.signal);
      }
      await sleep(wait, how.signal);
    }
  }

  /** The whole body. Throws as `open`. */
  async read({ response, deadline }: Opened, how: CallOptions): Promise<Received> {
    const decoder = new TextDecoder();
    const parts: string[] = [];
    try {
      for await (const bytes of chunks({ response, deadline })) parts.push(decoder.decode(bytes, { stream: true }));
    } catch (error) {
      throw this.#failure(error, deadline, how.signal);
    }
    return { response, text: parts.join("") + decoder.decode() };
  }

  /** Redirects are not followed: neither key nor code may go to another host. */
  #fetch(call: Call, signal: AbortSignal): Promise<Response> {
    const { url, headers, fetch } = this.#options;
    const init: RequestInit = { method: call.method, headers, redirect: "manual", signal };
    if (call.body === undefined) return fetch(url + call.path, init);
    const typed = new Headers(headers);
    typed.set("Content-Type", "application/json");
    return fetch(url + call.path, { ...init, headers: typed, body: call.body });
  }

  #failure(error: unknown, deadline: Deadline, signal: AbortSignal | undefined): unknown {
    if (signal?.aborted) return signal.reason;
    const { url } = this.#options;
    if (deadline.passed) return new APITimeoutError(`${url} did not answer in time`, { cause: error });
    return new APIConnectionError(`cannot reach ${url}: ${reasonOf(error)}`, { cause: error });
  }
}

/** The body as it comes. Ends the request when its reader leaves. */
export async function* chunks({ response, deadline }: Opened): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = response.body?.getReader();
  let whole = false;
  try {
    while (reader) {
      deadline.touch();
      const { done, value } = await reader.read();
      deadline.pause();
      if (done) break;
      yield value;
    }
    whole = true;
  } finally {
    if (whole) deadline.end();
    else deadline.abandon();
  }
}

function reasonOf(error: unknown): string {
  return String(causeOf(error)?.message || (error instanceof Error ? error.message : error));
}
