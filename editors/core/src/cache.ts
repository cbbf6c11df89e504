/**
 * Completions that were received, found again at the place they were requested for and everywhere along their text.
 *
 * The language server has the same rules in `typed_ahead.py`; `tests/traces` holds both to them.
 */
import type { Completion } from "sfm2-client";
import type { Place } from "./place.ts";
import type { Received } from "./received.ts";
import { restOfLine } from "./trigger.ts";

/** A completion that holds at a place. */
export interface Match {
  /** It, and what is still to come of it. */
  readonly received: Received;
  /** All of it; undefined while it is not whole. */
  readonly completion: Completion | undefined;
  /** Seconds from its request until there was something to show. */
  readonly seconds: number;
  /** Whether the user did not want it. */
  readonly dismissed: boolean;
  /** How many characters of it have been typed. */
  readonly typed: number;
  /** What is left to insert; "" where the server had nothing to suggest, or where more is still to come. */
  readonly text: string;
  /** How many characters after the cursor it replaces: closers that the editor inserted. */
  readonly replaces: number;
}

/** A completion, and the place it was requested for. */
export interface Requested {
  readonly place: Place;
  readonly received: Received;
  readonly dismissed: boolean;
}

interface Entry extends Requested {
  readonly scope: string;
  /** When it arrived, in milliseconds. */
  readonly since: number;
  dismissed: boolean;
}

/** How many completions are kept. */
const SIZE = 64;
/** For how long a completion holds, in milliseconds. */
const LIFETIME = 600_000;
/** Windows of one document that begin at different lines are the same place if they agree on this many characters. */
const OVERLAP = 1_500;

export class CompletionCache {
  #entries: Entry[] = [];

  constructor(
    private readonly size = SIZE,
    private readonly now: () => number = Date.now,
  ) {}

  /** `scope` identifies everything but the text that changes a completion. */
  put(place: Place, scope: string, received: Received): void {
    const others = this.#entries.filter((entry) => entry.scope !== scope || !samePlace(entry.place, place));
    this.#entries = [{ scope, place, received, since: this.now(), dismissed: false }, ...others].slice(0, this.size);
    this.#forgetOthersThan(received);
  }

  /** A completion that was put here has become whole. */
  confirm(received: Received): void {
    this.#forgetOthersThan(received);
  }

  /** The newest completion that holds at `place`. */
  find(place: Place, scope: string): Match | undefined {
    const oldest = this.now() - LIFETIME;
    for (const entry of this.#entries) {
      const found = entry.scope === scope && entry.since > oldest ? along(entry, place) : undefined;
      if (found) return found;
    }
    return undefined;
  }

  /** The user does not want this completion, here or anywhere along it; with false, wants it again. */
  dismiss(received: Received, dismissed = true): void {
    for (const entry of this.#entries) if (entry.received === received) entry.dismissed = dismissed;
  }

  /** Where other weights or another adapter answer now, what the earlier ones wrote no longer holds. */
  #forgetOthersThan({ completion }: Received): void {
    if (!completion) return;
    const holds = ({ received }: Entry) => (received.completion ?? completion).weights === completion.weights;
    this.#entries = this.#entries.filter(holds);
  }
}

function samePlace(one: Place, other: Place): boolean {
  return one.prefix === other.prefix && one.suffix === other.suffix;
}

/** What is left of a completion after a part of it, or nothing, has been typed: of one that grows, after all of it, too. */
export function along(entry: Requested, place: Place): Match | undefined {
  const { received, dismissed } = entry;
  const { text, completion, seconds, growing } = received;
  for (let typed = 0; typed === 0 || typed < text.length || (growing && typed === text.length); typed++) {
    if (!place.prefix.endsWith(text.slice(0, typed))) continue;
    const before = place.prefix.slice(0, place.prefix.length - typed);
    if (!sameEnd(before, place.prefixCut, entry.place.prefix, entry.place.prefixCut)) continue;
    const left = fitted(text.slice(typed), place, entry.place, typed > 0);
    if (left) return { received, completion, seconds, dismissed, typed, ...left };
  }
  return undefined;
}

/**
 * The text and how much it replaces, so that accepting it leaves prefix + completion + the suffix of the request.
 *
 * The editor may have inserted closers after the cursor: "(" typed becomes "()". `begun`: something was typed.
 */
function fitted(
  left: string,
  now: Place,
  requested: Place,
  begun: boolean,
): { text: string; replaces: number } | undefined {
  for (const closers of begun ? closersBefore(now.suffix) : [""]) {
    const rest = now.suffix.slice(closers.length);
    if (!sameStart(rest, now.suffixCut, requested.suffix, requested.suffixCut)) continue;
    if (closers === "") return { text: left, replaces: 0 };
    if (left.length > closers.length && left.endsWith(closers)) {
      return { text: left.slice(0, left.length - closers.length), replaces: 0 };
    }
    // Editors show text around what it replaces within one line only.
    if (!closers.includes("\n") && isSubsequence(closers, restOfLine(left))) {
      return { text: left, replaces: closers.length };
    }
  }
  return undefined;
}

/** "", and each beginning of `suffix` that an editor may have inserted. */
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
