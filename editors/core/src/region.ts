/**
 * What is shown besides the document stays the same while the cursor is in one region of it: else each key would throw away
 * what the engine has read.
 */
import type { Lines } from "./window.ts";

/** Milliseconds after which it is put together anew. */
export const HELD = 30_000;

/** The last line above the cursor that is not indented. The server has the same rule in `repository/memory.py`. */
export function regionOf(lines: Lines, line: number): string {
  for (let above = line - 1; above >= 0; above--) {
    const text = lines.lineAt(above);
    if (/^[^\s})\]]/.test(text)) return text;
  }
  return "";
}

/** What was made last for a region. */
export class Held<T> {
  #kept: { readonly region: string; readonly since: number; readonly whole: boolean; readonly made: T } | undefined;

  constructor(private readonly now: () => number = Date.now) {}

  /** Whether `of` would make it anew. */
  isDue(region: string): boolean {
    const kept = this.#kept;
    return kept?.region !== region || this.now() - kept.since >= HELD;
  }

  /** `whole`: there is all that it is made of. What was made before that is made once more when there is. */
  of(region: string, whole: boolean, make: () => T): T {
    const kept = this.isDue(region) ? undefined : this.#kept;
    if (kept && (kept.whole || !whole)) return kept.made;
    const made = make();
    this.#kept = { region, since: kept?.since ?? this.now(), whole, made };
    return made;
  }

  /** The cursor has left. */
  leave(): void {
    this.#kept = undefined;
  }
}
