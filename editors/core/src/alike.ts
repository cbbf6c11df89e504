/** What in another file is like the lines around the cursor. */
import { type Excerpt, excerptOf, type Readable } from "./excerpt.ts";

/** Lines of a passage, and from one to the next. */
const LINES = 20;
const STEP = 10;
/** Of a file, more are not looked at. */
const MOST_LINES = 3_000;
const LEAST_LIKENESS = 0.1;

export interface Alike {
  readonly excerpt: Excerpt;
  /** From 0 to 1. */
  readonly likeness: number;
}

/** The passage that has most words in common with `near`, by Jaccard's index; undefined where none has many. */
export function mostAlike(file: Readable, near: string): Alike | undefined {
  const wanted = wordsOf(near);
  let best: { first: number; likeness: number } | undefined;
  for (let first = 0; first < Math.min(file.lines.lineCount, MOST_LINES); first += STEP) {
    const end = Math.min(first + LINES, file.lines.lineCount);
    const words = new Set<string>();
    for (let line = first; line < end; line++) for (const word of wordsOf(file.lines.lineAt(line))) words.add(word);
    const likeness = jaccard(wanted, words);
    if (likeness > (best?.likeness ?? LEAST_LIKENESS)) best = { first, likeness };
  }
  const excerpt = best && excerptOf(file, { first: best.first, last: best.first + LINES - 1 });
  return best && excerpt && { excerpt, likeness: best.likeness };
}

function wordsOf(text: string): Set<string> {
  return new Set(text.match(/[\p{L}_$][\p{L}\p{N}_$]{2,}/gu));
}

function jaccard(one: ReadonlySet<string>, other: ReadonlySet<string>): number {
  let common = 0;
  for (const word of one) if (other.has(word)) common++;
  return common / Math.max(1, one.size + other.size - common);
}
