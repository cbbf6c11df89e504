/** Where a suggestion is wanted, and how long it should be. The language server has the same rule in `trigger.py`. */
import type { Window } from "./window.ts";

/** Where a completion ends, as the server calls it. */
export type Mode = "line" | "block" | "function";

const CLOSERS = /^[\s)\]}>"'`,;:]*$/;
const OPENED = /[{[(]\s*$/;

/**
 * Whether to suggest something at a place.
 *
 * Without an explicit request nothing is suggested where code follows on the line, nor in an empty document.
 */
export function isWanted(window: Window, invoked: boolean): boolean {
  if (isBinary(window)) return false;
  if (invoked) return true;
  return CLOSERS.test(restOfLine(window.suffix)) && (window.prefix + window.suffix).trim() !== "";
}

/** How much to request at a place: a line where the rest of the line is occupied, else the block that holds the cursor. */
export function modeAt(window: Window): Mode {
  const rest = restOfLine(window.suffix);
  if (!rest.trim()) return "block";
  // Between brackets that the editor has just closed there is room for a block.
  return CLOSERS.test(rest) && rest.startsWith("}") && OPENED.test(window.prefix) ? "block" : "line";
}

/** A file with NUL characters is not text, and the server refuses it. */
export function isBinary(window: Window): boolean {
  return window.prefix.includes("\0") || window.suffix.includes("\0");
}

export function restOfLine(text: string): string {
  const end = text.indexOf("\n");
  return end < 0 ? text : text.slice(0, end);
}
