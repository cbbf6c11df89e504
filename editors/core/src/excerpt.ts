/** Code of other files that is shown to the model with a hole. */
import type { Lines } from "./window.ts";

export interface Excerpt {
  /** The file's, as the server may know it. */
  readonly path: string;
  readonly text: string;
  /** The number of its first line in the file, from 1. */
  readonly first: number;
  readonly last: number;
  /** The file, as the editor knows it: which one it is, and what settings exclude. */
  readonly file: string;
}

/** A file with text. */
export interface Readable extends Pick<Excerpt, "path" | "file"> {
  readonly lines: Lines;
}

/** Lines count from 0, and both ends belong. */
export interface LineRange {
  readonly first: number;
  readonly last: number;
}

/** Less is not worth a file's name. */
const LEAST_CHARACTERS = 100;
/** Of an excerpt that is cut. */
const LEAST_LINES = 4;
/** What each costs besides its text: its path, and the tokens around that. */
const AROUND = 14;

/** These lines, without empty ones at both ends; undefined where there are no others, or no text. */
export function excerptOf({ path, file, lines }: Readable, range: LineRange): Excerpt | undefined {
  const from = Math.max(0, range.first);
  const found: string[] = [];
  for (let line = from; line <= Math.min(range.last, lines.lineCount - 1); line++) found.push(lines.lineAt(line));
  const begin = found.findIndex((line) => line.trim());
  const end = found.findLastIndex((line) => line.trim()) + 1;
  const text = found.slice(Math.max(0, begin), end).join("\n").toWellFormed();
  if (begin < 0 || text.includes("\0")) return undefined;
  return { path, file, text, first: from + begin + 1, last: from + end };
}

/** As many of `found` (best first) as fit into so many characters; a long one is cut after its first lines. */
export function fitting(found: readonly Excerpt[], characters: number): Excerpt[] {
  const kept: Excerpt[] = [];
  let left = characters;
  for (const one of found) {
    if (left < LEAST_CHARACTERS) break;
    const part = sizeOf(one) <= left ? one : cut(one, left - sizeOf({ ...one, text: "" }));
    if (!part) continue;
    kept.push(part);
    left -= sizeOf(part);
  }
  return kept;
}

/** Its longest part of which nothing is in the others: no line is shown twice. */
export function without(one: Excerpt, others: readonly Excerpt[]): Excerpt | undefined {
  const same = others.filter(({ file }) => file === one.file);
  const lines = one.text.split("\n");
  let [from, to, start] = [0, 0, 0];
  for (let index = 0; index <= lines.length; index++) {
    const number = one.first + index;
    const free = index < lines.length && !same.some(({ first, last }) => first <= number && number <= last);
    if (free) continue;
    if (index - start > to - from) [from, to] = [start, index];
    start = index + 1;
  }
  const text = lines.slice(from, to).join("\n");
  return text.trim() ? { ...one, text, first: one.first + from, last: one.first + to - 1 } : undefined;
}

export function sizeOf({ path, text }: Excerpt): number {
  return path.length + text.length + AROUND;
}

function cut(one: Excerpt, characters: number): Excerpt | undefined {
  const end = one.text.lastIndexOf("\n", Math.max(0, characters));
  const lines = end < 0 ? [] : one.text.slice(0, end).split("\n");
  if (lines.length < LEAST_LINES) return undefined;
  return { ...one, text: lines.join("\n"), last: one.first + lines.length - 1 };
}
