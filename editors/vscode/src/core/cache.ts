/** Answers, found again at the place that they were asked for and everywhere along their text. */
import type { Answer } from "./answer";
import { restOfLine } from "./midLine";
import type { Place } from "./place";

/** Everything but the text that changes an answer. */
export interface Scope {
  readonly server: string;
  readonly maxLength: number;
  readonly adapter: string;
}

export interface Found {
  readonly answer: Answer;
  /** What is left of it. */
  readonly text: string;
  /** How many characters behind the cursor it replaces: closers that the editor put there. */
  readonly replaces: number;
}

interface Entry {
  readonly scope: string;
  readonly place: Place;
  readonly answer: Answer;
}

// Windows of the same document that begin at different lines are the same place if they agree on this much.
const OVERLAP = 1_500;

export class AnswerCache {
  #entries: Entry[] = [];

  constructor(private readonly size = 64) {}

  put(place: Place, scope: Scope, answer: Answer): void {
    // Other weights or another adapter answer now: what the earlier ones said is out of date.
    if (this.#entries[0] && this.#entries[0].answer.weights !== answer.weights) this.clear();
    this.#entries = [{ scope: keyOf(place, scope), place, answer }, ...this.#entries].slice(0, this.size);
  }

  /** The newest answer that holds at `place`; with an empty text where the server had nothing to say there. */
  find(place: Place, scope: Scope): Found | undefined {
    const key = keyOf(place, scope);
    for (const entry of this.#entries) {
      const found = entry.scope === key ? along(entry, place) : undefined;
      if (found) return found;
    }
    return undefined;
  }

  clear(): void {
    this.#entries = [];
  }
}

function keyOf(place: Place, scope: Scope): string {
  return JSON.stringify([scope.server, scope.maxLength, scope.adapter, place.language, place.path]);
}

/** What is left of an answer where part of it, or nothing, has been typed since. */
function along(entry: Entry, place: Place): Found | undefined {
  const { text } = entry.answer;
  for (let typed = 0; typed === 0 || typed < text.length; typed++) {
    if (!place.prefix.endsWith(text.slice(0, typed))) continue;
    const before = place.prefix.slice(0, place.prefix.length - typed);
    if (!sameEnd(before, place.prefixCut, entry.place.prefix, entry.place.prefixCut)) continue;
    const left = fitted(text.slice(typed), place, entry.place);
    if (left) return { answer: entry.answer, ...left };
  }
  return undefined;
}

/**
 * The text and how much it replaces, so that taking it leaves prefix + answer + the suffix as it was when asked.
 *
 * The editor may have put closers behind the cursor: "(" typed becomes "()".
 */
function fitted(left: string, now: Place, asked: Place): { text: string; replaces: number } | undefined {
  for (const closers of closersBefore(now.suffix)) {
    const rest = now.suffix.slice(closers.length);
    if (!sameStart(rest, now.suffixCut, asked.suffix, asked.suffixCut)) continue;
    if (left.length > closers.length && left.endsWith(closers)) {
      return { text: left.slice(0, left.length - closers.length), replaces: 0 };
    }
    if (closers === "") return left === "" ? { text: "", replaces: 0 } : undefined;
    // An editor shows text around what it replaces within one line only.
    if (!closers.includes("\n") && isSubsequence(closers, restOfLine(left)))
      return { text: left, replaces: closers.length };
  }
  return undefined;
}

/** "", and what stands at the beginning of `suffix` that an editor may have put there by itself. */
function closersBefore(suffix: string): string[] {
  const most = /^[)\]}>"'`\s]{0,40}/.exec(suffix)?.[0] ?? "";
  const ends = [...most].flatMap((character, index) => (/\s/.test(character) ? [] : [index + 1]));
  return ["", ...ends.map((end) => most.slice(0, end))];
}

function isSubsequence(closers: string, text: string): boolean {
  let at = 0;
  for (const character of closers) {
    at = text.indexOf(character, at) + 1;
    if (at === 0) return false;
  }
  return true;
}

function sameEnd(a: string, aCut: boolean, b: string, bCut: boolean): boolean {
  if (a === b) return true;
  const [short, shortCut, long] = a.length < b.length ? [a, aCut, b] : [b, bCut, a];
  return shortCut && short.length >= OVERLAP && long.endsWith(short);
}

function sameStart(a: string, aCut: boolean, b: string, bCut: boolean): boolean {
  if (a === b) return true;
  const [short, shortCut, long] = a.length < b.length ? [a, aCut, b] : [b, bCut, a];
  return shortCut && short.length >= OVERLAP && long.startsWith(short);
}
