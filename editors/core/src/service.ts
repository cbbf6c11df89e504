/** A server, the API key for it, and how long to wait for its answers. */
import {
  type ClientOptions,
  type Completion,
  type Explanation,
  type Health,
  type Outcome,
  SFM2Client,
  SFM2Error,
  type Stats,
} from "sfm2-client";
import type { Probe } from "./connection.ts";
import type { CompletionRequest } from "./suggester.ts";

/** Milliseconds: for what a model writes, and for what the server answers from memory. */
const TIMEOUT = 120_000;
const PROBE_TIMEOUT = 10_000;

/** Methods throw `SFM2Error`, or the reason of a signal that was aborted. */
export class Service implements Probe {
  #url: string;
  #key: string | undefined;
  #client: SFM2Client | SFM2Error;

  /** `fetch` is the environment's by default. */
  constructor(
    url: string,
    key: string | undefined,
    private readonly fetch?: ClientOptions["fetch"],
  ) {
    this.#url = url;
    this.#key = key;
    this.#client = this.#clientFor(url, key);
  }

  get url(): string {
    return this.#url;
  }

  get hasKey(): boolean {
    return this.#key !== undefined;
  }

  /** Another server, or another key. */
  use(url: string, key: string | undefined): void {
    this.#url = url;
    this.#key = key;
    this.#client = this.#clientFor(url, key);
  }

  async complete({ place, options }: CompletionRequest, signal: AbortSignal): Promise<Completion> {
    const { prefix, suffix, language, path } = place;
    return this.#usable().complete(prefix, suffix, { timeout: TIMEOUT, ...options, language, path, signal });
  }

  /** `timeout` in milliseconds. */
  async explain(
    code: string,
    language: string | undefined,
    signal: AbortSignal,
    timeout = TIMEOUT,
  ): Promise<Explanation> {
    return this.#usable().explain(code, { language, signal, timeout });
  }

  async feedback(id: string, outcome: Outcome): Promise<void> {
    await this.#usable().feedback(id, outcome);
  }

  async health(signal?: AbortSignal): Promise<Health> {
    return this.#usable().health({ signal });
  }

  async stats(signal?: AbortSignal): Promise<Stats> {
    return this.#usable().stats({ signal });
  }

  async admitted(signal: AbortSignal): Promise<void> {
    await this.stats(signal);
  }

  #usable(): SFM2Client {
    if (this.#client instanceof SFM2Error) throw this.#client;
    return this.#client;
  }

  /** Or why there is none: the address or the key is malformed. */
  #clientFor(apiUrl: string, apiKey: string | undefined): SFM2Client | SFM2Error {
    try {
      // An editor sends the next request on its own; a repeated one would only be late.
      return new SFM2Client({ apiUrl, apiKey, fetch: this.fetch, maxRetries: 0, timeout: PROBE_TIMEOUT });
    } catch (error) {
      if (error instanceof SFM2Error) return error;
      throw error;
    }
  }
}
