/** What in another file is like the lines around the cursor. */
import { type Excerpt, excerptOf, type Readable } from "./excerpt.ts";

/** Lines from one passage to the next; a passage has twice as many. */
const STEP = 10;
/** Of a file, more are not looked at: that takes a few milliseconds. */
const MOST_LINES = 1_000;
const LEAST_LIKENESS = 0.1;

export interface Alike {
  readonly excerpt: Excerpt;
  /** From 0 to 1. */
  readonly likeness: number;
}

/** The passage that has most words in common with `near`, by Jaccard's index; undefined where none has many. */
export function mostAlike(file: Readable, near: string): Alike | undefined {
  const wanted = wordsOf(near);
  const steps = wordsOfSteps(file);
  let best: { first: number; likeness: number } | undefined;
  for (const [index, words] of steps.entries()) {
    const likeness = jaccard(wanted, words, steps[index + 1] ?? new Set());
    if (likeness > (best?.likeness ?? LEAST_LIKENESS)) best = { first: index * STEP, likeness };
  }
  const excerpt = best && excerptOf(file, { first: best.first, last: best.first + 2 * STEP - 1 });
  return best && excerpt && { excerpt, likeness: best.likeness };
}

function wordsOfSteps({ lines }: Readable): Set<string>[] {
  const steps: Set<string>[] = [];
  for (let first = 0; first < Math.min(lines.lineCount, MOST_LINES); first += STEP) {
    let text = "";
    for (let line = first; line < Math.min(first + STEP, lines.lineCount); line++) text += `${lines.lineAt(line)}\n`;
    steps.push(wordsOf(text));
  }
  return steps;
}

function wordsOf(text: string): Set<string> {
  return new Set(text.match(/[A-Za-z_$][\w$]{2,}/g));
}

/** Of `wanted`, and the words of two steps together. */
function jaccard(wanted: ReadonlySet<string>, one: ReadonlySet<string>, other: ReadonlySet<string>): number {
  let common = 0;
  for (const word of wanted) if (one.has(word) || other.has(word)) common++;
  let size = one.size;
  for (const word of other) if (!one.has(word)) size++;
  return common / Math.max(1, wanted.size + size - common);
}
