/** The cells above, as code before the one being written. */
import { BEFORE, type Lines } from "sfm2-editor-core";

export interface Cell {
  readonly isCode: boolean;
  readonly language: string;
  readonly text: string;
}

const MAGIC_CELL = /^\s*%%(?!time\b|timeit\b|capture\b|prun\b|sfm2\b)/;
const MAGIC_LINE = /^(\s*)(%%?[a-zA-Z].*|[!?].*|[\w.]+\?\??\s*)$/;

/**
 * The lines of the earlier code cells of the same language, separated by empty ones; IPython's magics become comments.
 * Of a long notebook, the cells nearest to the cursor, about as much as is sent.
 */
export function earlierLines(cells: readonly Cell[], language: string): string[] {
  const chosen: string[][] = [];
  let length = 0;
  for (let index = cells.length - 1; index >= 0 && length < BEFORE; index--) {
    const cell = cells[index];
    if (!cell?.isCode || cell.language !== language || !cell.text.trim() || MAGIC_CELL.test(cell.text)) continue;
    chosen.push([
      ...cell.text
        .trimEnd()
        .split(/\r?\n/)
        .map((line) => withoutMagic(line, language)),
      "",
    ]);
    length += cell.text.length;
  }
  return chosen.reverse().flat();
}

/** The earlier lines, then the cell's own, without magics above the cursor's line. */
export function following(earlier: readonly string[], own: Lines, language: string, cursorLine: number): Lines {
  return {
    lineCount: earlier.length + own.lineCount,
    lineAt: (line) => {
      const above = earlier[line];
      if (above !== undefined) return above;
      const index = line - earlier.length;
      return index < cursorLine ? withoutMagic(own.lineAt(index), language) : own.lineAt(index);
    },
  };
}

function withoutMagic(line: string, language: string): string {
  return language === "python" ? line.replace(MAGIC_LINE, "$1pass  # $2") : line;
}
