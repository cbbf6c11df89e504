/** The configured server, and what the editor shows of its work: what is requested, how long it took, who answered. */
import { type Chunk, type Completion, type ExplainOptions, type Explanation, SFM2Error } from "sfm2-client";
import { type CompletionRequest, Service, type ShownSource, shownOf } from "sfm2-editor-core";
import * as vscode from "vscode";

/** Milliseconds for what the user has asked for and waits for. */
export const PATIENCE = 300_000;

export class Server extends Service {
  readonly #asking = new vscode.EventEmitter<void>();
  readonly #answers = new vscode.EventEmitter<Completion>();
  readonly onAsking = this.#asking.event;
  readonly onAnswer = this.#answers.event;
  #running = 0;
  #adapter: string | undefined;
  #sources: readonly ShownSource[] = [];

  constructor(
    url: string,
    key: string | undefined,
    private readonly log: vscode.LogOutputChannel,
  ) {
    super(url, key);
  }

  get asking(): boolean {
    return this.#running > 0;
  }

  /** The adapter that answered last. */
  get adapter(): string | undefined {
    return this.#adapter;
  }

  /** The code of other files that the last answer is based on, the most relevant first. */
  get sources(): readonly ShownSource[] {
    return this.#sources;
  }

  override use(url: string, key: string | undefined): void {
    super.use(url, key);
    this.#adapter = undefined;
    this.#sources = [];
  }

  override async complete(
    request: CompletionRequest,
    signal: AbortSignal,
    heard?: (chunk: Chunk) => void,
  ): Promise<Completion> {
    const { prefix, suffix } = request.place;
    const sent = request.context?.() ?? [];
    const others = sent.reduce((sum, { text }) => sum + text.length, 0);
    const what = `complete, ${prefix.length} + ${suffix.length} characters, ${others} of other files`;
    const work = (first: () => void) => {
      const hear = (chunk: Chunk) => {
        first();
        heard?.(chunk);
      };
      return super.complete({ ...request, context: () => sent }, signal, heard && hear);
    };
    const answer = await this.#logged(what, signal, work, ({ completion, confidence }) =>
      completion ? `${completion.length} characters, confidence ${confidence.toFixed(2)}` : "nothing fits here",
    );
    this.#adapter = answer.adapter ?? undefined;
    this.#sources = shownOf(answer.sources, sent);
    this.#answers.fire(answer);
    return answer;
  }

  override async explain(
    code: string,
    options: ExplainOptions,
    signal: AbortSignal,
    heard: (chunk: Chunk) => void,
  ): Promise<Explanation> {
    const work = (first: () => void) =>
      super.explain(
        code,
        options,
        signal,
        (chunk) => {
          first();
          heard(chunk);
        },
        PATIENCE,
      );
    const outcome = ({ explanation }: Explanation) => `${explanation.length} characters`;
    return this.#logged(`explain, ${code.length} characters`, signal, work, outcome);
  }

  /** Times and lengths go to the log, never code. */
  async #logged<T>(
    what: string,
    signal: AbortSignal,
    work: (first: () => void) => Promise<T>,
    outcome: (answer: T) => string,
  ): Promise<T> {
    const began = performance.now();
    const took = () => `${Math.round(performance.now() - began)} ms`;
    let begun = "";
    const first = () => {
      begun ||= `first text ${took()}, `;
    };
    this.#running++;
    this.#asking.fire();
    try {
      const answer = await work(first);
      this.log.info(`${what}: ${begun}${took()}, ${outcome(answer)}`);
      return answer;
    } catch (error) {
      if (signal.aborted) this.log.debug(`${what}: cancelled after ${took()}`);
      else if (error instanceof SFM2Error) this.log.warn(`${what}: ${error.code}: ${error.message}`);
      throw error;
    } finally {
      this.#running--;
      this.#asking.fire();
    }
  }
}
