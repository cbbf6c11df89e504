/** From a place to a suggestion: the cache, else a pause, else the server. */
import type { CompleteOptions, Completion } from "sfm2-client";
import { CompletionCache, type Match } from "./cache.ts";
import type { Place } from "./place.ts";
import { isWanted } from "./trigger.ts";

/** What is sent to the server: the place, and the shell's own options. */
export interface CompletionRequest {
  readonly place: Place;
  readonly options: CompleteOptions;
}

export type Ask = (request: CompletionRequest, signal: AbortSignal) => Promise<Completion>;

export interface How {
  /** The user asked for it: no pause, also in the middle of a line, and whatever its confidence or an earlier dismissal. */
  readonly invoked: boolean;
  /** Checked after the pause; false: no request is sent. */
  readonly mayAsk: () => boolean;
  /** Milliseconds without a key before the request is sent. */
  readonly delay: number;
  /** From 0 to 1; a completion below is not shown unless it was invoked. */
  readonly minConfidence: number;
}

/** A completion as an editor shows it at the cursor. */
export interface Suggestion extends Omit<Match, "dismissed"> {
  readonly fromCache: boolean;
}

export interface SuggesterOptions {
  /** null keeps nothing. */
  readonly cache?: CompletionCache | null;
}

export class Suggester {
  #cache: CompletionCache | null;
  #running: Running | undefined;

  constructor(
    private readonly ask: Ask,
    { cache = new CompletionCache() }: SuggesterOptions = {},
  ) {
    this.#cache = cache;
  }

  /**
   * Undefined where there is nothing to suggest, or when a later call or `signal` ended this one.
   *
   * One request runs at a time; a second call for the same place waits for it too. Throws what `ask` throws.
   */
  async suggest(request: CompletionRequest, how: How, signal: AbortSignal): Promise<Suggestion | undefined> {
    if (signal.aborted) return undefined;
    const known = isWanted(request.place, how.invoked) ? this.#known(request, how.invoked) : null;
    if (known !== undefined) {
      this.stop();
      return known ? shown(known, how, true) : undefined;
    }
    const running = this.#running?.serves(request, how) ? this.#running : this.#start(request, how);
    const found = await running.wait(signal);
    return found && shown(found, how, false);
  }

  /** What is known for a place without a request. */
  recall(request: CompletionRequest): Suggestion | undefined {
    const known = this.#cache?.find(request.place, scopeOf(request));
    return known && !known.dismissed && known.text.trim() ? { ...known, fromCache: true } : undefined;
  }

  /** The suggestion is not shown again, here or along its text, until the user asks; nor is the server asked there. */
  dismiss(suggestion: Suggestion): void {
    this.#cache?.dismiss(suggestion.completion);
  }

  /** Ends the request that runs. */
  stop(): void {
    this.#running?.stop();
    this.#running = undefined;
  }

  /** Another server or another key: nothing that is known holds. */
  forget(): void {
    this.stop();
    if (this.#cache) this.#cache = new CompletionCache();
  }

  #known(request: CompletionRequest, invoked: boolean): Match | undefined {
    const found = this.#cache?.find(request.place, scopeOf(request));
    if (found?.dismissed && invoked) this.#cache?.dismiss(found.completion, false);
    return found && { ...found, dismissed: found.dismissed && !invoked };
  }

  #start(request: CompletionRequest, how: How): Running {
    this.stop();
    const running = new Running(request, (one) => this.#fetch(one, how));
    this.#running = running;
    void running.ended.then(() => {
      if (this.#running === running) this.#running = undefined;
    });
    return running;
  }

  async #fetch(running: Running, how: How): Promise<Match | undefined> {
    const { request, signal } = running;
    if (!how.invoked) await pause(how.delay, signal);
    if (signal.aborted || !how.mayAsk()) return undefined;
    running.sent = true;
    const cache = this.#cache;
    const began = performance.now();
    const completion = await this.ask(request, signal);
    const seconds = (performance.now() - began) / 1_000;
    // A completion that comes too late still holds at its place.
    cache?.put(request.place, scopeOf(request), completion, seconds);
    return { completion, seconds, dismissed: false, typed: 0, text: completion.completion, replaces: 0 };
  }
}

/** A request on its way, its pause included, and those who wait for it. */
class Running {
  sent = false;
  readonly #abort = new AbortController();
  readonly #found: Promise<Match | undefined>;
  #waiting = 0;

  constructor(
    readonly request: CompletionRequest,
    run: (running: Running) => Promise<Match | undefined>,
  ) {
    this.#found = run(this).catch((error: unknown) => {
      if (this.signal.aborted) return undefined;
      throw error;
    });
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Never rejects. */
  get ended(): Promise<void> {
    return this.#found.then(
      () => undefined,
      () => undefined,
    );
  }

  /** Whether it is the same request; who asks explicitly does not wait for its pause. */
  serves(request: CompletionRequest, how: How): boolean {
    const { place } = this.request;
    const same = place.prefix === request.place.prefix && place.suffix === request.place.suffix;
    return same && scopeOf(this.request) === scopeOf(request) && (this.sent || !how.invoked);
  }

  /** Undefined once `signal` or `stop` ended it. The request ends with the last who waits. */
  async wait(signal: AbortSignal): Promise<Match | undefined> {
    this.#waiting++;
    const leave = () => {
      this.#waiting--;
      if (this.#waiting === 0) this.stop();
    };
    signal.addEventListener("abort", leave, { once: true });
    try {
      const found = await this.#found;
      return signal.aborted || this.signal.aborted ? undefined : found;
    } catch (error) {
      if (signal.aborted) return undefined;
      throw error;
    } finally {
      signal.removeEventListener("abort", leave);
    }
  }

  stop(): void {
    this.#abort.abort();
  }
}

/** Everything but the text that changes a completion. The mode follows from the place. */
function scopeOf({ place, options }: CompletionRequest): string {
  const { mode: _mode, signal: _signal, ...others } = options;
  return JSON.stringify([place.language, place.path, others]);
}

function shown(match: Match, how: How, fromCache: boolean): Suggestion | undefined {
  const { dismissed, ...suggestion } = match;
  if (dismissed || !match.text.trim()) return undefined;
  if (match.completion.confidence < how.minConfidence && !how.invoked) return undefined;
  return { ...suggestion, fromCache };
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
