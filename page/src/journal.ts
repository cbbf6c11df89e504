// What this page asked for and what became of it, since it was loaded. Kept in memory only.

export interface Entry {
  /** ms since the epoch */
  at: number;
  seconds: number;
  tokens: number;
}

export class Journal extends EventTarget {
  readonly answers: Entry[] = [];
  failures = 0;
  accepted = 0;
  dismissed = 0;

  answered(seconds: number, tokens: number): void {
    this.answers.push({ at: Date.now(), seconds, tokens });
    this.#changed();
  }

  note(what: "failures" | "accepted" | "dismissed"): void {
    this[what] += 1;
    this.#changed();
  }

  #changed(): void {
    this.dispatchEvent(new Event("change"));
  }
}
