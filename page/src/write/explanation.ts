// What the code does, in words, beside the code.
import type { Chunk, Explanation } from "sfm2-client";
import { make, part } from "../elements.ts";
import { aboutIt, readOff } from "./facts.ts";

/** A part of the text, or all of it. */
export interface Passage {
  text: string;
  /** Lines from 1; null: all of them. */
  lines: { first: number; last: number } | null;
}

export interface Words {
  /** `heard` gets what comes before the whole. */
  explain: (text: string, signal: AbortSignal, heard: (chunk: Chunk) => void) => Promise<Explanation>;
  failed: (error: unknown) => void;
  /** Whether a request runs. */
  busy: (runs: boolean) => void;
}

export class Explaining {
  #words: Words;
  #running: AbortController | null = null;
  #passage: Passage | null = null;
  #panel = part("explanation", HTMLElement);
  #of = part("explained", HTMLParagraphElement);
  #text = part("explanation-text", HTMLDivElement);
  #code = part("explanation-code", HTMLDivElement);
  #facts = part("explanation-facts", HTMLDListElement);

  constructor(words: Words) {
    this.#words = words;
    part("explanation-close", HTMLButtonElement).addEventListener("click", () => this.close());
  }

  async start(passage: Passage): Promise<void> {
    this.stop();
    const running = new AbortController();
    this.#running = running;
    this.#passage = passage;
    this.#panel.hidden = false;
    this.#panel.classList.remove("stale");
    this.#of.textContent = whatIsExplained(passage);
    this.#text.replaceChildren();
    this.#code.replaceChildren();
    this.#facts.replaceChildren();
    this.#panel.scrollIntoView({ block: "nearest" });
    this.#words.busy(true);
    const began = performance.now();
    try {
      let sofar = "";
      const found = await this.#words.explain(passage.text, running.signal, ({ text }) => {
        sofar += text;
        this.#write(sofar);
      });
      this.#write(found.explanation);
      this.#code.replaceChildren(...readOff(found.facts));
      this.#facts.replaceChildren(...aboutIt(found, (performance.now() - began) / 1000));
    } catch (error) {
      if (running.signal.aborted) return;
      if (!this.#text.textContent) this.close();
      this.#words.failed(error);
    } finally {
      if (this.#running === running) this.#running = null;
      this.#words.busy(false);
    }
  }

  /** The code is `current()` now. What was said of another one is marked as such. */
  changed(current: () => string): void {
    const passage = this.#passage;
    if (!passage) return;
    const text = current();
    const holds = passage.lines ? text.includes(passage.text) : text === passage.text;
    this.#panel.classList.toggle("stale", !holds);
    this.#of.textContent = holds ? whatIsExplained(passage) : "The code has changed since; this was said of it before.";
  }

  /** False when none runs. */
  stop(): boolean {
    const ran = this.#running !== null;
    this.#running?.abort();
    this.#running = null;
    return ran;
  }

  close(): void {
    this.stop();
    this.#passage = null;
    this.#panel.hidden = true;
  }

  #write(text: string): void {
    this.#text.replaceChildren(...text.split(/\n{2,}/).map((paragraph) => make("p", {}, paragraph)));
  }
}

function whatIsExplained({ lines }: Passage): string {
  if (!lines) return "Of all of the code.";
  return lines.first === lines.last ? `Of line ${lines.first}.` : `Of lines ${lines.first} to ${lines.last}.`;
}
