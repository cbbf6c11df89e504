import type { SFM2Error } from "./errors.js";
import { type ClientOptions, checked } from "./options.js";
import * as requests from "./requests.js";
import * as responses from "./responses.js";
import { ExplanationStream, GenerationStream } from "./stream.js";
import { Transport } from "./transport.js";
import type {
  BatchOptions,
  CallOptions,
  CompleteOptions,
  Completion,
  ExplainOptions,
  Explanation,
  GenerateOptions,
  Health,
  Hole,
  Outcome,
  Probe,
  Stats,
} from "./types.js";

/**
 * A client of an SFM-2 server.
 *
 * Methods throw the classes of `SFM2Error`, `InvalidRequestError` for wrong arguments; a call that its `signal` stopped
 * throws the signal's reason.
 */
export class SFM2Client {
  readonly #transport: Transport;

  /** Throws `InvalidRequestError` that names the option. */
  constructor(options: ClientOptions = {}) {
    this.#transport = new Transport(checked(options));
  }

  /** Code that continues `prompt`, up to `suffix` if there is one: the code that follows it. */
  async generate(prompt: string, options: GenerateOptions = {}): Promise<Completion> {
    const call = requests.post("/generate", { prompt }, options);
    return responses.parse("Completion", await this.#transport.send(call, options));
  }

  /** As `generate`, in chunks as they come. Nothing is sent before the first is asked for. */
  generateStream(prompt: string, options: GenerateOptions = {}): GenerationStream {
    const call = requests.post("/generate/stream", { prompt }, options);
    return new GenerationStream("Completion", this.#transport, call, options);
  }

  /** Answers in the order of the prompts. One that fails has its error in its place, which is not thrown. */
  async generateBatch(prompts: readonly string[], options: BatchOptions = {}): Promise<(Completion | SFM2Error)[]> {
    const call = requests.post("/generate/batch", { prompts: requests.promptsOf(prompts) }, options);
    return responses.parseBatch(await this.#transport.send(call, options));
  }

  /** What belongs between `prefix` and `suffix`: an editor's call. */
  complete(hole: Hole): Promise<Completion>;
  complete(prefix: string, options?: Omit<Hole, "prefix">): Promise<Completion>;
  complete(prefix: string, suffix: string, options?: CompleteOptions): Promise<Completion>;
  async complete(
    first: string | Hole,
    second?: string | Omit<Hole, "prefix">,
    third?: CompleteOptions,
  ): Promise<Completion> {
    const hole = requests.holeOf(first, second, third);
    return responses.parse("Completion", await this.#transport.send(requests.post("/complete", {}, hole), hole));
  }

  /** As `complete`, in chunks as they come: each line as soon as it is sure to stay. */
  completeStream(hole: Hole): GenerationStream;
  completeStream(prefix: string, options?: Omit<Hole, "prefix">): GenerationStream;
  completeStream(prefix: string, suffix: string, options?: CompleteOptions): GenerationStream;
  completeStream(
    first: string | Hole,
    second?: string | Omit<Hole, "prefix">,
    third?: CompleteOptions,
  ): GenerationStream {
    const hole = requests.holeOf(first, second, third);
    const call = requests.post("/complete/stream", {}, hole);
    return new GenerationStream("Completion", this.#transport, call, hole);
  }

  /** What `code` does, in words. */
  async explain(code: string, options: ExplainOptions = {}): Promise<Explanation> {
    const call = requests.post("/explain", { code }, options);
    return responses.parse("Explanation", await this.#transport.send(call, options));
  }

  /** As `explain`, in chunks as they come. */
  explainStream(code: string, options: ExplainOptions = {}): ExplanationStream {
    const call = requests.post("/explain/stream", { code }, options);
    return new ExplanationStream("Explanation", this.#transport, call, options);
  }

  /**
   * Report what became of a completion, by its `id`; the last report counts.
   *
   * Throws `NotFoundError` where this key has no such completion of the last 30 days.
   */
  async feedback(id: string, outcome: Outcome, options: CallOptions = {}): Promise<void> {
    responses.check(await this.#transport.send(requests.feedback(id, outcome), options));
  }

  /** The state of the server and its models, also when it is unhealthy. */
  async health(options: CallOptions = {}): Promise<Health> {
    return responses.parseProbe("Health", await this.#transport.send(requests.HEALTH, options));
  }

  /** Whether the server takes requests now (`status` is "ok"), and why not. */
  async ready(options: CallOptions = {}): Promise<Probe> {
    return responses.parseProbe("Probe", await this.#transport.send(requests.READY, options));
  }

  /** The server's counters. */
  async stats(options: CallOptions = {}): Promise<Stats> {
    return responses.parse("Stats", await this.#transport.send(requests.STATS, options));
  }
}
