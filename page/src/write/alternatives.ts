// Other completions of the same place, to go through one by one.
import type { Completion } from "sfm2-client";
import type { CompletionRequest } from "sfm2-editor-core";
import type { Ghost } from "../editor/ghost.ts";

/** At temperature 0 all completions of a place are the same. */
const WARM = 0.7;

export interface Asked {
  completion: Completion;
  seconds: number;
}

export interface Surroundings {
  ask: (request: CompletionRequest, signal: AbortSignal) => Promise<Asked>;
  /** Shows one in place of the one that is there. */
  show: (chosen: Asked) => void;
  /** What there is to choose from: "2 of 3". */
  said: (text: string) => void;
  failed: (error: unknown) => void;
}

export class Alternatives {
  #around: Surroundings;
  #found: Asked[] = [];
  #at = 0;
  #running: AbortController | null = null;

  constructor(around: Surroundings) {
    this.#around = around;
  }

  /** The next one, or with -1 the one before; the first time `count` are asked for. */
  async step(by: 1 | -1, ghost: Ghost, request: CompletionRequest, count: number): Promise<void> {
    const whole = ghost.completion;
    if (this.#running || !whole) return;
    if (this.#found.length === 0 && !(await this.#find(rest(whole, ghost), ghost.seconds, request, count))) return;
    const all = this.#found.length;
    this.#at = (this.#at + by + all) % all;
    const chosen = this.#found[this.#at];
    if (chosen && all > 1) this.#around.show(chosen);
    this.#around.said(all > 1 ? `${this.#at + 1} of ${all}` : "no other was found");
  }

  /** False when it came to nothing. */
  async #find(shown: Completion, seconds: number, request: CompletionRequest, count: number): Promise<boolean> {
    const running = new AbortController();
    this.#running = running;
    this.#around.said("asking");
    try {
      const asked = await this.#around.ask(warmed(request, count), running.signal);
      if (running.signal.aborted) return false;
      this.#found = distinct([{ completion: shown, seconds }, ...choices(asked)]);
      return true;
    } catch (error) {
      if (running.signal.aborted) return false;
      this.#around.said("");
      this.#around.failed(error);
      return false;
    } finally {
      if (this.#running === running) this.#running = null;
    }
  }

  /** The text, the cursor or the settings are others: what was found no longer holds. */
  forget(): void {
    this.#running?.abort();
    this.#running = null;
    this.#found = [];
    this.#at = 0;
    this.#around.said("");
  }
}

function warmed({ place, options }: CompletionRequest, count: number): CompletionRequest {
  return { place, options: { ...options, n: count, temperature: Math.max(options.temperature ?? 0, WARM) } };
}

/** What is left of a completion of which a part may have been typed. */
function rest(completion: Completion, { text, typed }: Ghost): Completion {
  return typed ? { ...completion, completion: text, logprobs: null } : completion;
}

/** All completions of an answer. `/feedback` knows only the first. */
export function choices({ completion, seconds }: Asked): Asked[] {
  const { alternatives, ...first } = completion;
  return [first, ...alternatives.map((one) => ({ ...first, ...one, id: "" }))].map((one) => ({
    completion: { ...one, alternatives: [] },
    seconds,
  }));
}

/** The first of each text; an empty one is nothing to choose. */
export function distinct(all: readonly Asked[]): Asked[] {
  const texts = new Set<string>();
  return all.filter(({ completion: { completion } }) => {
    const text = completion.trim();
    if (text === "" || texts.has(text)) return false;
    texts.add(text);
    return true;
  });
}
