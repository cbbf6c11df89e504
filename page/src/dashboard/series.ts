// /stats over time. Its counters only grow, so two samples give the rate between them, however far apart.
import type { Stats } from "sfm2-client";

export interface Sample {
  /** ms since the epoch */
  at: number;
  stats: Stats;
}

export interface Point {
  /** From when to when, in ms since the epoch. */
  from: number;
  to: number;
  value: number;
}

const KEPT = 720; // an hour at one sample in five seconds

export class Series {
  #samples: Sample[] = [];

  add(sample: Sample): void {
    this.#samples = [...this.#samples, sample].slice(-KEPT);
  }

  get last(): Sample | undefined {
    return this.#samples.at(-1);
  }

  /** How fast a counter grew from each sample to the next, per second. */
  rate(counter: (stats: Stats) => number): Point[] {
    const found: Point[] = [];
    for (const [i, now] of this.#samples.entries()) {
      const before = this.#samples[i - 1];
      if (!before || now.at <= before.at) continue;
      const grown = Math.max(0, counter(now.stats) - counter(before.stats)); // a fall means that the store is a new one
      found.push({ from: before.at, to: now.at, value: grown / ((now.at - before.at) / 1000) });
    }
    return found;
  }
}

/** The value that a share of the values does not exceed; null of none. */
export function percentile(values: readonly number[], share: number): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
}
