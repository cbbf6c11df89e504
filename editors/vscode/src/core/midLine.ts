import type { Place } from "./place";

/** Where a completion ends, as the server calls it. */
export type Mode = "line" | "block" | "function";

const CLOSERS = /^[\s)\]}>"'`,;:]*$/;
const OPENED = /[{[(]\s*$/;

/**
 * How much to ask for at a place; undefined: nothing.
 *
 * Unasked, nothing is suggested where code follows in the line, and nothing in an empty document.
 */
export function modeAt(place: Place, invoked: boolean): Mode | undefined {
  if (isBinary(place)) return undefined;
  if (!invoked && !place.prefix.trim() && !place.suffix.trim()) return undefined;
  const rest = restOfLine(place.suffix);
  if (!rest.trim()) return "block";
  // Between brackets that the editor has just closed there is room for a block.
  if (CLOSERS.test(rest)) return rest.startsWith("}") && OPENED.test(place.prefix) ? "block" : "line";
  return invoked ? "line" : undefined;
}

/** Text with NUL in it is no text; the server would refuse it. */
function isBinary(place: Place): boolean {
  return place.prefix.includes("\0") || place.suffix.includes("\0");
}

export function restOfLine(text: string): string {
  const end = text.indexOf("\n");
  return end < 0 ? text : text.slice(0, end);
}
