/** How long to wait after a key: longer than the gap to the next key is likely to be, so that few requests are wasted. */
const SHORTEST = 60;
const LONGEST = 300;
const PAUSE = 1_000;
const REMEMBERED = 12;
const FACTOR = 1.2;

export class Pace {
  #last: number | undefined;
  #gaps: number[] = [];

  /** A key was pressed; `at` in milliseconds. */
  key(at: number): void {
    const gap = this.#last === undefined ? PAUSE : at - this.#last;
    this.#last = at;
    if (gap < PAUSE) this.#gaps = [...this.#gaps, gap].slice(-REMEMBERED);
  }

  /** Milliseconds. */
  delay(): number {
    const sorted = [...this.#gaps].sort((a, b) => a - b);
    const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
    return Math.min(LONGEST, Math.max(SHORTEST, FACTOR * median));
  }
}
