/** The part of a document around the cursor that is sent: a large file costs no more than a small one. */

/** A document's lines, without their ends. */
export interface Lines {
  readonly lineCount: number;
  /** `line` counts from 0. */
  lineAt(line: number): string;
}

/** Lines end in \n, whatever the document's own line ends are. */
export interface Window {
  readonly prefix: string;
  readonly suffix: string;
  /** Whether the document has text before `prefix`. */
  readonly prefixCut: boolean;
  /** Whether the document has text after `suffix`. */
  readonly suffixCut: boolean;
}

/** In UTF-16 units. From these the server picks what a model reads: the nearest lines, and imports from further up. */
export const BEFORE = 40_000;
export const AFTER = 6_000;

export function windowAround(lines: Lines, line: number, character: number): Window {
  const [prefix, prefixCut] = before(lines, line, character);
  const [suffix, suffixCut] = after(lines, line, character);
  return { prefix: prefix.toWellFormed(), suffix: suffix.toWellFormed(), prefixCut, suffixCut };
}

function before(lines: Lines, line: number, character: number): [string, boolean] {
  const current = lines.lineAt(line);
  if (character >= BEFORE) return [current.slice(character - BEFORE, character), true];
  let first = line;
  for (let length = character; first > 0; first--) {
    length += lines.lineAt(first - 1).length + 1;
    if (length > BEFORE) break;
  }
  return [`${joined(lines, first, line)}${current.slice(0, character)}`, first > 0];
}

function joined(lines: Lines, first: number, end: number): string {
  let text = "";
  for (let index = first; index < end; index++) text += `${lines.lineAt(index)}\n`;
  return text;
}

function after(lines: Lines, line: number, character: number): [string, boolean] {
  let text = lines.lineAt(line).slice(character, character + AFTER + 1);
  let next = line + 1;
  for (; next < lines.lineCount && text.length <= AFTER; next++) {
    text += `\n${lines.lineAt(next).slice(0, AFTER + 1)}`;
  }
  return [text.slice(0, AFTER), text.length > AFTER || next < lines.lineCount];
}
