/** The code of other files that an answer is based on. */
import type { Completion } from "sfm2-client";
import type { Excerpt } from "./excerpt.ts";

export interface ShownSource {
  readonly path: string;
  /** Line numbers, from 1, where known. */
  readonly first: number | undefined;
  readonly last: number | undefined;
  /** As the editor knows the file, if the editor sent it. */
  readonly file: string | undefined;
}

/** The most relevant first. `sent`: what went with the request; of that the server knows no lines. */
export function shownOf(sources: Completion["sources"], sent: readonly Excerpt[]): ShownSource[] {
  // The server puts what it adds before what was sent, and leaves out the first of all where there is too much.
  return [...sources].reverse().map(({ path, first, last }, index) => {
    const own = sent.at(-1 - index);
    if (own?.path === path) return { path, first: own.first, last: own.last, file: own.file };
    return { path, first: first ?? undefined, last: last ?? undefined, file: undefined };
  });
}

/** `shop/model.py:6-14` */
export function nameOf({ path, first, last }: ShownSource): string {
  if (first === undefined) return path;
  return last === undefined || last === first ? `${path}:${first}` : `${path}:${first}-${last}`;
}
