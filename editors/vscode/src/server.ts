/** The server that is set, with its key: what it is asked, and that it is being asked. */
import { type Language, SFM2Client, SFM2Error } from "sfm2-client";
import * as vscode from "vscode";
import type { Answer } from "./core/answer";
import { ask, failureOf, healthOf, PATIENCE, told } from "./core/ask";
import type { Probe } from "./core/connection";
import { RequestFailed } from "./core/failure";
import type { Outcome } from "./core/outcomes";
import type { Health } from "./core/state";
import type { Request } from "./core/suggester";

export interface Explained {
  readonly text: string;
  readonly model: string;
}

/** Milliseconds. A probe answers at once or not at all. */
const TIMEOUT = 120_000;
const PROBE_TIMEOUT = 10_000;

export class Server implements Probe {
  readonly #asking = new vscode.EventEmitter<void>();
  readonly #answers = new vscode.EventEmitter<Answer>();
  readonly onAsking = this.#asking.event;
  readonly onAnswer = this.#answers.event;
  #running = 0;
  #adapter: string | undefined;
  #url = "";
  #key: string | undefined;
  #clients: { readonly patient: SFM2Client; readonly quick: SFM2Client } | RequestFailed;

  constructor(
    url: string,
    key: string | undefined,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.#url = url;
    this.#key = key;
    this.#clients = clientsFor(url, key);
  }

  get url(): string {
    return this.#url;
  }

  get hasKey(): boolean {
    return this.#key !== undefined;
  }

  get asking(): boolean {
    return this.#running > 0;
  }

  /** The adapter that answered last. */
  get adapter(): string | undefined {
    return this.#adapter;
  }

  use(url: string, key: string | undefined): void {
    this.#url = url;
    this.#key = key;
    this.#adapter = undefined;
    this.#clients = clientsFor(url, key);
  }

  /** Raises `RequestFailed`, as the others do. */
  async complete(request: Request, signal: AbortSignal): Promise<Answer> {
    const what = `complete, ${request.prefix.length} + ${request.suffix.length} characters`;
    const work = () => ask(this.#client("patient"), request, signal);
    const answer = await this.#logged(what, signal, work, ({ text, confidence }) =>
      text ? `${text.length} characters, confidence ${confidence.toFixed(2)}` : "nothing fits here",
    );
    this.#adapter = answer.adapter;
    this.#answers.fire(answer);
    return answer;
  }

  async explain(code: string, language: string | undefined, signal: AbortSignal): Promise<Explained> {
    const how = { language: language as Language | undefined, signal, timeout: PATIENCE };
    const work = () => told(this.#client("patient").explain(code, how), signal);
    const said = (found: { explanation: string }) => `${found.explanation.length} characters`;
    const found = await this.#logged(`explain, ${code.length} characters`, signal, work, said);
    return { text: found.explanation, model: found.modelUsed };
  }

  async feedback(id: string, outcome: Outcome): Promise<void> {
    await told(this.#client("quick").feedback(id, outcome));
  }

  async health(signal: AbortSignal): Promise<Health> {
    return healthOf(this.#client("quick"), signal);
  }

  async admitted(signal: AbortSignal): Promise<void> {
    await told(this.#client("quick").stats({ signal }), signal);
  }

  #client(kind: "patient" | "quick"): SFM2Client {
    if (this.#clients instanceof RequestFailed) throw this.#clients;
    return this.#clients[kind];
  }

  /** Times and lengths go to the log, never code. */
  async #logged<T>(
    what: string,
    signal: AbortSignal,
    work: () => Promise<T>,
    outcome: (answer: T) => string,
  ): Promise<T> {
    const began = performance.now();
    const took = () => `${Math.round(performance.now() - began)} ms`;
    this.#running++;
    this.#asking.fire();
    try {
      const answer = await work();
      this.log.info(`${what}: ${took()}, ${outcome(answer)}`);
      return answer;
    } catch (error) {
      if (signal.aborted) this.log.debug(`${what}: given up after ${took()}`);
      else if (error instanceof RequestFailed) this.log.warn(`${what}: ${error.failure.code}: ${error.message}`);
      throw error;
    } finally {
      this.#running--;
      this.#asking.fire();
    }
  }
}

/** Or why there are none: the address or the key can't be one. */
function clientsFor(
  apiUrl: string,
  apiKey: string | undefined,
): { patient: SFM2Client; quick: SFM2Client } | RequestFailed {
  try {
    // An editor asks again by itself; a request that is repeated would only be late.
    const options = { apiUrl, apiKey, maxRetries: 0 };
    return {
      patient: new SFM2Client({ ...options, timeout: TIMEOUT }),
      quick: new SFM2Client({ ...options, timeout: PROBE_TIMEOUT }),
    };
  } catch (error) {
    if (error instanceof SFM2Error) return new RequestFailed(failureOf(error));
    throw error;
  }
}
