/**
 * What becomes of suggestions: accepted, accepted and changed, or rejected. Sees edits, knows no editor.
 *
 * Accepted is what ends up in the document, whether at once, word by word, or typed. Rejected is what the user typed past, or
 * saw and left.
 */
export type Outcome = "accepted" | "edited" | "rejected";

export interface Verdict {
  readonly id: string;
  readonly outcome: Outcome;
}

/** An edit of a document; offsets in UTF-16 units. */
export interface Edit {
  readonly offset: number;
  readonly length: number;
  readonly text: string;
}

interface Shown {
  readonly id: string;
  readonly document: string;
  /** Where the text that is still to come goes. */
  readonly offset: number;
  readonly text: string;
  readonly since: number;
  readonly begun: boolean;
  /** Where it began. */
  readonly start: number;
  /** Whether more of it may come after `text`. */
  readonly more: boolean;
}

interface Taken {
  readonly id: string;
  readonly document: string;
  readonly start: number;
  readonly end: number;
  readonly until: number;
}

/** Milliseconds. */
const LOOKED_AT = 1_000;
const WATCHED = 60_000;
const MOST_WATCHED = 20;

export class Outcomes {
  #shown: Shown | undefined;
  #taken: Taken[] = [];

  constructor(private readonly now: () => number = Date.now) {}

  /** A suggestion can be seen, with `text` to come at `offset`, and perhaps `more` of it later. */
  shown(id: string, document: string, offset: number, text: string, more = false): Verdict[] {
    const before = this.#shown;
    if (before?.id === id && before.document === document) {
      this.#shown = { ...before, offset, text, more };
      return [];
    }
    const verdicts = this.left();
    this.#shown = { id, document, offset, text, since: this.now(), begun: false, start: offset, more };
    return verdicts;
  }

  /** No more of it will come than was shown. */
  ended(id: string): Verdict[] {
    const shown = this.#shown;
    if (shown?.id !== id) return [];
    if (shown.text === "") return this.#took(shown, shown.offset);
    this.#shown = { ...shown, more: false };
    return [];
  }

  /** The editor says that it was accepted, as far as it was shown. */
  accepted(id: string): Verdict[] {
    const shown = this.#shown;
    return shown?.id === id ? this.#came(shown, shown.offset + shown.text.length) : [];
  }

  /** A document was edited. Of several edits at once the last in the document comes first, as VS Code sends them. */
  edited(document: string, edits: readonly Edit[]): Verdict[] {
    return edits.flatMap((edit) => [...this.#watch(document, edit), ...this.#follow(document, edit)]);
  }

  /** The cursor went elsewhere. */
  left(): Verdict[] {
    const shown = this.#shown;
    this.#shown = undefined;
    if (!shown) return [];
    if (shown.begun) return [{ id: shown.id, outcome: "edited" }];
    return this.now() - shown.since >= LOOKED_AT ? [{ id: shown.id, outcome: "rejected" }] : [];
  }

  closed(document: string): Verdict[] {
    this.#taken = this.#taken.filter((taken) => taken.document !== document);
    return this.#shown?.document === document ? this.left() : [];
  }

  /** All that was shown is in the document, up to `end`. */
  #came(shown: Shown, end: number): Verdict[] {
    if (!shown.more) return this.#took(shown, end);
    this.#shown = { ...shown, begun: true, offset: end, text: "" };
    return [];
  }

  #took(shown: Shown, end: number): Verdict[] {
    this.#shown = undefined;
    const { id, document, start } = shown;
    this.#taken = [...this.#taken, { id, document, start, end, until: this.now() + WATCHED }].slice(-MOST_WATCHED);
    return [{ id, outcome: "accepted" }];
  }

  #follow(document: string, edit: Edit): Verdict[] {
    const shown = this.#shown;
    if (!shown || shown.document !== document) return [];
    if (edit.offset !== shown.offset) return edit.text === "" ? this.left() : this.#elsewhere(shown, edit);
    const typed = edit.text.replaceAll("\r\n", "\n");
    if (typed === "") return this.left();
    const came = agreed(shown.text, typed);
    if (came === 0) {
      this.#shown = undefined;
      return [{ id: shown.id, outcome: shown.begun ? "edited" : "rejected" }];
    }
    if (came === shown.text.length) return this.#came(shown, shown.offset + edit.text.length);
    // More than a key gives: it was accepted in part.
    const begun = shown.begun || came > 2;
    // In the document a line may end in two characters.
    const length = came === typed.length ? edit.text.length : came;
    this.#shown = { ...shown, begun, offset: shown.offset + length, text: shown.text.slice(came) };
    return [];
  }

  #elsewhere(shown: Shown, edit: Edit): Verdict[] {
    if (edit.offset > shown.offset) return [];
    const by = edit.text.length - edit.length;
    this.#shown = { ...shown, offset: shown.offset + by, start: shown.start + by };
    return [];
  }

  #watch(document: string, edit: Edit): Verdict[] {
    const verdicts: Verdict[] = [];
    this.#taken = this.#taken.flatMap((taken) => {
      if (taken.until < this.now()) return [];
      if (taken.document !== document || edit.offset >= taken.end) return [taken];
      const by = edit.text.length - edit.length;
      const editEnd = edit.offset + edit.length;
      if (editEnd <= taken.start) return [{ ...taken, start: taken.start + by, end: taken.end + by }];
      const undone = edit.text === "" && edit.offset <= taken.start && editEnd >= taken.end;
      verdicts.push({ id: taken.id, outcome: undone ? "rejected" : "edited" });
      return [];
    });
    return verdicts;
  }
}

/** How much of `text` an edit brought; 0 where it brought something else. "(" may come with a closer: "()". */
function agreed(text: string, typed: string): number {
  if (text.startsWith(typed)) return typed.length;
  const first = typed.charAt(0);
  return typed.length === 2 && "([{\"'`".includes(first) && text.startsWith(first) ? 1 : 0;
}
