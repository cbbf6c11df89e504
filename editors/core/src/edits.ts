/** Where documents were edited last: what somebody works on is likely to matter next door. */
import type { LineRange } from "./excerpt.ts";

/** Lines that were replaced, counted from 0 (both ends belong), by text with so many line ends. */
export interface Change extends LineRange {
  readonly added: number;
}

/** Lines of a document as it is now. */
export interface Edit extends LineRange {
  /** When it was edited last, in milliseconds. */
  readonly at: number;
}

/** How many documents, and how many places in each, are remembered. */
const DOCUMENTS = 20;
const PLACES = 6;
/** Edits with so few lines between them are one. */
const APART = 3;
/** One change of more lines than this is not typed: a file that was read anew, formatted or pasted. */
const TYPED = 60;

export class RecentEdits {
  /** The documents that were edited last are last. */
  readonly #edits = new Map<string, readonly Edit[]>();

  /** The changes come one after the other, as the editor made them. */
  edited(file: string, changes: readonly Change[], at: number): void {
    let edits = this.#edits.get(file) ?? [];
    for (const change of changes) edits = after(edits, change, at);
    this.#edits.delete(file);
    if (edits.length > 0) this.#edits.set(file, edits);
    const [oldest] = this.#edits.keys();
    if (this.#edits.size > DOCUMENTS && oldest !== undefined) this.#edits.delete(oldest);
  }

  /** The newest first. */
  of(file: string): readonly Edit[] {
    return this.#edits.get(file) ?? [];
  }

  forget(file: string): void {
    this.#edits.delete(file);
  }
}

function after(edits: readonly Edit[], { first, last, added }: Change, at: number): readonly Edit[] {
  const shift = added - (last - first);
  let own = { first, last: first + added };
  const others: Edit[] = [];
  for (const edit of edits) {
    const touched = edit.first <= last && edit.last >= first;
    if (touched) own = { first: Math.min(own.first, edit.first), last: Math.max(own.last, edit.last + shift) };
    else others.push(edit.first > last ? { ...edit, first: edit.first + shift, last: edit.last + shift } : edit);
  }
  if (added > TYPED) return others;
  const isNear = (edit: Edit) => edit.first <= own.last + APART && edit.last >= own.first - APART;
  const near = others.filter(isNear);
  const newest = {
    first: Math.min(own.first, ...near.map((edit) => edit.first)),
    last: Math.max(own.last, ...near.map((edit) => edit.last)),
    at,
  };
  return [newest, ...others.filter((edit) => !isNear(edit))].slice(0, PLACES);
}
