/** From what an editor knows to what the model is shown besides the document. Pure. */
import { mostAlike } from "./alike.ts";
import type { Edit } from "./edits.ts";
import { type Excerpt, excerptOf, fitting, type LineRange, type Readable, sizeOf, without } from "./excerpt.ts";
import { isExcluded } from "./exclusion.ts";
import { isSecret } from "./secrets.ts";

export interface OpenFile extends Readable {
  /** Whether it has changes that are on no disk. */
  readonly unsaved: boolean;
  /** Where it was edited, the newest first. */
  readonly edits: readonly Edit[];
  /** The lines that can be seen. */
  readonly inView: LineRange | undefined;
}

/** Where a name near the cursor is defined. */
export interface FoundDefinition extends Excerpt {
  /** Whether the file is one of the repository's own, as it is on the disk. */
  readonly inRepository: boolean;
}

export interface Known {
  /** The document with the cursor: nothing of it is shown twice. */
  readonly file: string;
  /** The lines around the cursor. */
  readonly near: string;
  readonly open: readonly OpenFile[];
  /** The likeliest to be meant first. */
  readonly definitions: readonly FoundDefinition[];
  /** The server reads the repository itself: only what differs from its files is sent, and what is outside of them. */
  readonly sameMachine: boolean;
  /** Patterns of files whose text is never sent. */
  readonly exclude: readonly string[];
  /** In milliseconds. */
  readonly now: number;
}

/** In characters. A server reads 3,000 unless its settings say more; on this machine it adds half of that itself. */
export const ROOM = 3_000;
export const ROOM_BESIDE_INDEX = 1_500;
/** Milliseconds: what was edited and saved longer ago counts as any other file. */
const RECENT = 900_000;
/** Lines shown before and after an edit. */
const AROUND = 6;
/** The most lines of an edit; files that are not longer are shown whole. */
const MOST_LINES = 40;
/** Open files that are looked at for what is like the lines around the cursor. */
const MOST_OPEN = 8;

/** The most useful last: definitions after what was edited, and that after what is open. */
export function contextOf(known: Known): Excerpt[] {
  const characters = known.sameMachine ? ROOM_BESIDE_INDEX : ROOM;
  const files = known.open.filter((one) => isSendable(one.file, known));
  const edited = editsIn(files, known.now);
  const changed = new Set(edited.map(({ file }) => file));
  const others = known.sameMachine ? edited : [...edited, ...alikeIn(files, known.near)];
  const shown = fitting(distinct(others, []), characters / 2);
  const isNews = (one: FoundDefinition) => !(known.sameMachine && one.inRepository) || changed.has(one.file);
  const wanted = known.definitions.filter((one) => isSendable(one.file, known) && isNews(one)).map(plain);
  const used = shown.reduce((sum, one) => sum + sizeOf(one), 0);
  const definitions = fitting(distinct(wanted, shown), characters - used);
  return [...shown.reverse(), ...definitions.reverse()];
}

function isSendable(file: string, { file: own, exclude }: Known): boolean {
  return file !== own && !isSecret(file) && !isExcluded(file, exclude);
}

function plain({ inRepository: _, ...excerpt }: FoundDefinition): Excerpt {
  return excerpt;
}

/** What was edited last first, then what is unsaved for another reason. */
function editsIn(files: readonly OpenFile[], now: number): Excerpt[] {
  const found = files.flatMap((file) => {
    const recent = file.edits.filter(({ at }) => file.unsaved || now - at < RECENT);
    const places = recent.length > 0 ? recent : unknownEdit(file);
    return places.map((edit) => ({ at: edit.at, excerpt: excerptOf(file, rangeAround(edit, file)) }));
  });
  return found.sort((one, other) => other.at - one.at).flatMap(({ excerpt }) => excerpt ?? []);
}

/** Nobody saw what was changed: the text that can be seen, or the first. */
function unknownEdit(file: OpenFile): Edit[] {
  return file.unsaved ? [{ ...(file.inView ?? { first: 0, last: MOST_LINES - 1 }), at: 0 }] : [];
}

function rangeAround({ first, last }: LineRange, { lines }: OpenFile): LineRange {
  if (lines.lineCount <= MOST_LINES) return { first: 0, last: lines.lineCount - 1 };
  const from = Math.max(0, first - AROUND);
  return { first: from, last: Math.min(last + AROUND, from + MOST_LINES - 1) };
}

/** A passage of each file, the likest first; what can be seen counts more. */
function alikeIn(files: readonly OpenFile[], near: string): Excerpt[] {
  const seen = files.filter(({ inView }) => inView);
  const all = [...seen, ...files.filter(({ inView }) => !inView)].slice(0, MOST_OPEN);
  const found = all.flatMap((file) => {
    const alike = mostAlike(file, near);
    return alike ? { excerpt: alike.excerpt, likeness: alike.likeness * (file.inView ? 1.5 : 1) } : [];
  });
  return found.sort((one, other) => other.likeness - one.likeness).map(({ excerpt }) => excerpt);
}

/** Each without the lines of those before it. */
function distinct(found: readonly Excerpt[], shown: readonly Excerpt[]): Excerpt[] {
  const kept: Excerpt[] = [];
  for (const one of found) {
    const rest = without(one, [...shown, ...kept]);
    if (rest) kept.push(rest);
  }
  return kept;
}
