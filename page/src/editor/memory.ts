import type { Completion } from "../api/wire.ts";

/** Where the cursor stands, and everything else that changes the answer. */
export interface Question {
  prefix: string;
  suffix: string;
  settings: string;
}

export interface Answer {
  question: Question;
  completion: Completion;
  /** Seconds from the question to the answer, as this page saw it. */
  seconds: number;
  dismissed: boolean;
}

/** An answer that holds where the cursor stands now: the first `typed` characters of it are in the text already. */
export interface Recalled {
  answer: Answer;
  typed: number;
}

/** The last answers, so that typing along a suggestion, taking a character back, or undoing never asks again. */
export class Memory {
  #answers: Answer[] = [];
  #room: number;

  constructor(room = 64) {
    this.#room = room;
  }

  add(answer: Answer): void {
    this.#answers = [answer, ...this.#answers].slice(0, this.#room);
  }

  /** The nearest answer. One that is empty, or was dismissed, holds only where it was given. */
  find(question: Question): Recalled | null {
    let best: Recalled | null = null;
    for (const answer of this.#answers) {
      const typed = typedAlong(answer, question);
      if (typed !== null && (best === null || typed < best.typed)) best = { answer, typed };
    }
    return best;
  }
}

/** How many characters of the answer are typed already; null when it does not hold here. */
function typedAlong({ question: asked, completion, dismissed }: Answer, now: Question): number | null {
  if (asked.settings !== now.settings || asked.suffix !== now.suffix || !now.prefix.startsWith(asked.prefix)) {
    return null;
  }
  const typed = now.prefix.slice(asked.prefix.length);
  if (typed === "") return 0;
  const goesOn = completion.completion.length > typed.length && completion.completion.startsWith(typed);
  return goesOn && !dismissed ? typed.length : null;
}
