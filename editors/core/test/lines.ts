import type { Lines } from "../src/window.ts";

/** The lines of a text. */
export function linesIn(text: string): Lines {
  const lines = text.split("\n");
  return { lineCount: lines.length, lineAt: (line) => lines[line] ?? "" };
}

/** So many lines `name_1`, `name_2` and so on. */
export function numbered(name: string, count: number): string {
  return Array.from({ length: count }, (_, index) => `${name}_${index + 1}`).join("\n");
}
