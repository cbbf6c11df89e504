/** A server, the API key for it, and how long to wait for its answers. */
import {
  type Chunk,
  type ClientOptions,
  type Completion,
  type ExplainOptions,
  type Explanation,
  type ExplanationStream,
  type Health,
  type Outcome,
  PermissionDeniedError,
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

  /** `heard` gets what comes before the whole, as soon as it may be shown. */
  async complete(
    { place, options, context }: CompletionRequest,
    signal: AbortSignal,
    heard?: (chunk: Chunk) => void,
  ): Promise<Completion> {
    const { prefix, suffix, language, path } = place;
    const client = this.#usable();
    const others = context?.().map((one) => ({ path: one.path, text: one.text })) ?? [];
    const how = { timeout: TIMEOUT, ...options, language, path, signal, ...(others.length > 0 && { context: others }) };
    if (!heard) return client.complete(prefix, suffix, how);
    const stream = client.completeStream(prefix, suffix, how);
    for await (const chunk of stream) heard(chunk);
    return stream.completion();
  }

  /** `heard` gets what comes before the whole; `timeout` in milliseconds. */
  async explain(
    code: string,
    { language, model }: ExplainOptions,
    signal: AbortSignal,
    heard?: (chunk: Chunk) => void,
    timeout = TIMEOUT,
  ): Promise<Explanation> {
    const client = this.#usable();
    const how = { language, model, signal, timeout };
    if (!heard) return client.explain(code, how);
    const stream = client.explainStream(code, how);
    for await (const chunk of stream) heard(chunk);
    return stream.explanation();
  }

  /** As `explain`, in pieces as they come. */
  explainStream(code: string, options: ExplainOptions, signal: AbortSignal): ExplanationStream {
    return this.#usable().explainStream(code, { timeout: TIMEOUT, ...options, signal });
  }

  async feedback(id: string, outcome: Outcome): Promise<void> {
    await this.#usable().feedback(id, outcome);
  }

  async health(signal?: AbortSignal): Promise<Health> {
    return this.#usable().health({ signal });
  }

  /** Null: the server takes the API key, which may not read them. */
  async stats(signal?: AbortSignal): Promise<Stats | null> {
    return this.#usable()
      .stats({ signal })
      .catch((error: unknown) => {
        if (error instanceof PermissionDeniedError) return null;
        throw error;
      });
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
