/** The comment that says what to write. */
import type { Lines } from "sfm2-editor-core";

export interface Comment {
  /** First and last line. */
  readonly first: number;
  readonly last: number;
  readonly indent: string;
}

const LINE_COMMENT = /^\s*(#(?!!)|\/\/|--|;|%|\/\*|\*|"""|'''|<!--)/;
const BLOCK_END = /(\*\/|"""|'''|-->)\s*$/;

/** The comment that `line` is in; undefined where it is in none. */
export function commentAt(lines: Lines, line: number): Comment | undefined {
  const isComment = (index: number) => LINE_COMMENT.test(lines.lineAt(index)) || BLOCK_END.test(lines.lineAt(index));
  if (!isComment(line)) return undefined;
  let first = line;
  while (first > 0 && isComment(first - 1)) first--;
  let last = line;
  while (last + 1 < lines.lineCount && isComment(last + 1)) last++;
  return { first, last, indent: /^\s*/.exec(lines.lineAt(first))?.[0] ?? "" };
}
