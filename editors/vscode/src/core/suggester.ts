/** From a place to a suggestion: the cache, else a pause, else the server. Knows no editor. */
import type { Answer } from "./answer";
import { AnswerCache, type Found, type Scope } from "./cache";
import { type Mode, modeAt } from "./midLine";
import type { Place } from "./place";

export interface Request extends Place {
  readonly mode: Mode;
  readonly maxLength: number;
  readonly adapter: string;
}

export type Ask = (request: Request, signal: AbortSignal) => Promise<Answer>;

export interface How extends Scope {
  /** The user asked for it: no pause, in mid-line too, however unsure. */
  readonly invoked: boolean;
  /** False: only what is known already is suggested. */
  readonly mayAsk: boolean;
  /** Milliseconds to wait before the server is asked. */
  readonly delay: number;
  readonly minConfidence: number;
}

export interface Suggestion {
  readonly id: string;
  readonly text: string;
  /** How many characters behind the cursor it replaces. */
  readonly replaces: number;
  readonly confidence: number;
  readonly fromCache: boolean;
}

export interface Options {
  readonly cache?: AnswerCache | null;
  readonly wait?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

export class Suggester {
  readonly #cache: AnswerCache | null;
  readonly #wait: NonNullable<Options["wait"]>;
  #running = new AbortController();

  /** `cache: null` remembers nothing. */
  constructor(
    private readonly ask: Ask,
    options: Options = {},
  ) {
    this.#cache = options.cache === undefined ? new AnswerCache() : options.cache;
    this.#wait = options.wait ?? pause;
  }

  /** Undefined where there is nothing to suggest, or when a later call or `signal` ended it. Raises what `ask` raises. */
  async suggest(place: Place, how: How, signal: AbortSignal): Promise<Suggestion | undefined> {
    this.#running.abort();
    this.#running = new AbortController();
    const ended = AbortSignal.any([signal, this.#running.signal]);
    const mode = modeAt(place, how.invoked);
    if (mode === undefined || ended.aborted) return undefined;
    const known = this.#cache?.find(place, how);
    if (known) return shown(known, how, true);
    if (!how.mayAsk) return undefined;
    try {
      return await this.#asked(place, mode, how, ended);
    } catch (error) {
      if (ended.aborted) return undefined;
      throw error;
    }
  }

  /** Ends what runs. */
  stop(): void {
    this.#running.abort();
  }

  forget(): void {
    this.#cache?.clear();
  }

  async #asked(place: Place, mode: Mode, how: How, signal: AbortSignal): Promise<Suggestion | undefined> {
    if (!how.invoked) await this.#wait(how.delay, signal);
    if (signal.aborted) return undefined;
    const request = { ...place, mode, maxLength: how.maxLength, adapter: how.adapter };
    const answer = await this.ask(request, signal);
    // An answer that comes too late is right at its place all the same.
    this.#cache?.put(place, how, answer);
    return signal.aborted ? undefined : shown({ answer, text: answer.text, replaces: 0 }, how, false);
  }
}

function shown({ answer, text, replaces }: Found, how: How, fromCache: boolean): Suggestion | undefined {
  if (!text.trim()) return undefined;
  if (answer.confidence < how.minConfidence && !how.invoked) return undefined;
  return { id: answer.id, text, replaces, confidence: answer.confidence, fromCache };
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const finish = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", finish);
      done();
    };
    const timer = setTimeout(finish, milliseconds);
    signal.addEventListener("abort", finish);
  });
}
