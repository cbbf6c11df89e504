/** From a place to a suggestion: the cache, else a pause, else the server, whose answer is shown as it comes. */
import type { Chunk, CompleteOptions, Completion } from "sfm2-client";
import { along, CompletionCache, type Match } from "./cache.ts";
import type { Excerpt } from "./excerpt.ts";
import type { Place } from "./place.ts";
import { Received } from "./received.ts";
import { isWanted } from "./trigger.ts";

/** What is sent to the server: the place, and the shell's own options. */
export interface CompletionRequest {
  readonly place: Place;
  readonly options: CompleteOptions;
  /** Code of other files, the most useful last: as it is when the request is sent. A completion holds whatever it was. */
  readonly context?: () => readonly Excerpt[];
}

/** Asks the server; `heard` gets what comes before the whole. */
export type Ask = (
  request: CompletionRequest,
  signal: AbortSignal,
  heard: (chunk: Chunk) => void,
) => Promise<Completion>;

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
  /** There is more of a completion than was suggested, or it has become whole: `recall` has it. */
  readonly grew?: (received: Received) => void;
}

export class Suggester {
  #cache: CompletionCache | null;
  /** It runs, or was the last that did. */
  #latest: Running | undefined;
  readonly #grew: (received: Received) => void;

  constructor(
    private readonly ask: Ask,
    { cache = new CompletionCache(), grew = () => undefined }: SuggesterOptions = {},
  ) {
    this.#cache = cache;
    this.#grew = grew;
  }

  /**
   * Undefined where there is nothing to suggest, or when a later call or `signal` ended this one.
   *
   * The first lines are suggested as soon as they come. For the rest the request goes on until `signal` is aborted, unless a
   * later call is for a place along what it writes: make that call first, and abort after it. One request runs at a time, and
   * calls for the same place share it. Throws what `ask` throws.
   */
  async suggest(request: CompletionRequest, how: How, signal: AbortSignal): Promise<Suggestion | undefined> {
    if (signal.aborted) return undefined;
    if (isWanted(request.place, how.invoked)) return this.#suggestion(request, how, signal);
    this.stop();
    return undefined;
  }

  async #suggestion(request: CompletionRequest, how: How, signal: AbortSignal): Promise<Suggestion | undefined> {
    let waited: Running | undefined;
    for (;;) {
      const known = this.#known(request, how.invoked, waited);
      const running = known ? this.#source(known) : this.#request(request, how);
      running?.follow(signal);
      const suggestion = known && shown(known, how, waited === undefined);
      if (suggestion && running) running.told = true;
      if (suggestion || !running?.received.growing) return suggestion;
      waited = running;
      if (!(await running.more(signal))) return undefined;
    }
  }

  /** The latest request if it gave `known`; one that runs for another place ends. */
  #source(known: Match): Running | undefined {
    if (this.#latest?.received !== known.received) this.stop();
    return this.#latest;
  }

  /** This one is shown at a place from now on: the user picked it among several. It took so many seconds. */
  offer(request: CompletionRequest, completion: Completion, seconds: number): void {
    this.#cache?.put(request.place, scopeOf(request), Received.of(completion, seconds));
  }

  /** What is known for a place without a request. */
  recall(request: CompletionRequest): Suggestion | undefined {
    const known = this.#cache?.find(request.place, scopeOf(request));
    return known && !known.dismissed && known.text.trim() ? { ...known, fromCache: true } : undefined;
  }

  /** The suggestion is not shown again, here or along its text, until the user asks; nor is the server asked there. */
  dismiss(suggestion: Suggestion): void {
    this.#cache?.dismiss(suggestion.received);
    if (this.#latest?.received === suggestion.received) this.stop();
  }

  /** Ends the request that runs. */
  stop(): void {
    this.#latest?.stop();
    this.#latest = undefined;
  }

  /** Another server or another key: nothing that is known holds. */
  forget(): void {
    this.stop();
    if (this.#cache) this.#cache = new CompletionCache();
  }

  /** Without a cache only what this call has waited for. */
  #known(request: CompletionRequest, invoked: boolean, waited: Running | undefined): Match | undefined {
    if (!this.#cache)
      return waited && along({ ...waited, place: waited.request.place, dismissed: false }, request.place);
    const found = this.#cache.find(request.place, scopeOf(request));
    if (found?.dismissed && invoked) this.#cache.dismiss(found.received, false);
    return found && { ...found, dismissed: found.dismissed && !invoked };
  }

  /** The latest request where it serves this one, else a new one. */
  #request(request: CompletionRequest, how: How): Running {
    if (this.#latest?.serves(request, how)) return this.#latest;
    this.stop();
    const running = new Running(request);
    this.#latest = running;
    void running.run(() => this.#fetch(running, how));
    return running;
  }

  async #fetch(running: Running, how: How): Promise<void> {
    const { request, signal, received } = running;
    if (!how.invoked) await pause(how.delay, signal);
    if (signal.aborted || !how.mayAsk()) return;
    running.sent = true;
    const cache = this.#cache;
    const began = performance.now();
    const seconds = () => (performance.now() - began) / 1_000;
    const completion = await this.ask(request, signal, (chunk) => {
      if (signal.aborted) return;
      if (!received.text) cache?.put(request.place, scopeOf(request), received);
      received.add(chunk, seconds());
      if (running.told) this.#grew(received);
    });
    // A completion that comes too late still holds at its place.
    const heard = received.text !== "";
    received.finish(completion, seconds());
    if (heard) cache?.confirm(received);
    else cache?.put(request.place, scopeOf(request), received);
    if (running.told) this.#grew(received);
  }
}

/** A request, its pause included, and those who follow what it writes. */
class Running {
  readonly received = new Received();
  sent = false;
  /** Whether a part of it was suggested. */
  told = false;
  readonly #abort = new AbortController();
  readonly #followers = new Set<AbortSignal>();
  #failure: { readonly error: unknown } | undefined;

  constructor(readonly request: CompletionRequest) {}

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Whether it is the same request, and not over; who asks explicitly does not wait for its pause. */
  serves(request: CompletionRequest, how: How): boolean {
    const { place } = this.request;
    const same = place.prefix === request.place.prefix && place.suffix === request.place.suffix;
    const waits = this.received.growing && (this.sent || !how.invoked);
    return same && waits && scopeOf(this.request) === scopeOf(request);
  }

  async run(fetch: () => Promise<void>): Promise<void> {
    try {
      await fetch();
    } catch (error) {
      if (!this.signal.aborted) this.#failure = { error };
    }
    // Nothing was requested, or nothing more comes.
    if (this.received.completion === undefined && !this.#failure) this.#abort.abort();
    this.received.end();
  }

  /** It ends when all who follow have left. */
  follow(signal: AbortSignal): void {
    if (this.#followers.has(signal) || !this.received.growing) return;
    this.#followers.add(signal);
    const leave = () => {
      this.#followers.delete(signal);
      if (this.#followers.size === 0) this.stop();
    };
    signal.addEventListener("abort", leave, { once: true });
  }

  /** Waits for more, or for its end. False once `signal` or `stop` ended the waiting. Throws the request's failure. */
  async more(signal: AbortSignal): Promise<boolean> {
    await this.received.change(signal);
    if (signal.aborted || this.signal.aborted) return false;
    if (this.#failure) throw this.#failure.error;
    return true;
  }

  stop(): void {
    if (!this.received.growing) return;
    this.#abort.abort();
    this.received.end();
  }
}

/**
 * The confidence that a suggestion needs to be shown while somebody types. Of 1,177 completions of real files a quarter had
 * less; 0.3 % of the right ones were among them (benchmarks/LOG.md).
 */
export const LEAST_CONFIDENCE = 0.01;

/** Everything but the text that changes a completion. The mode follows from the place. */
function scopeOf({ place, options }: CompletionRequest): string {
  const { mode: _mode, signal: _signal, ...others } = options;
  return JSON.stringify([place.language, place.path, others]);
}

function shown(match: Match, how: How, fromCache: boolean): Suggestion | undefined {
  const { dismissed, ...suggestion } = match;
  if (dismissed || !match.text.trim()) return undefined;
  // Of a part nobody may know how sure it is; then the whole decides.
  if ((match.received.confidence ?? 0) < how.minConfidence && !how.invoked) return undefined;
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
