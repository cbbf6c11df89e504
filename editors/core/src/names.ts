/** Names near the cursor whose definitions are worth looking up, and what of a file is a definition. */
import type { LineRange } from "./excerpt.ts";
import type { Lines } from "./window.ts";

/** Where a name stands: lines and characters count from 0. */
export interface Name {
  readonly name: string;
  readonly line: number;
  readonly character: number;
}

/** Lines above and below the cursor. */
const ABOVE = 12;
const BELOW = 3;
/** Lines at the top of a file among which its imports are. */
const IMPORTS = 200;
/** Of a definition. */
const LONGEST = 25;

const NAME = /[\p{L}_$][\p{L}\p{N}_$]{2,}/gu;
const IMPORT = /^\s*(import|from|use|using|include|require|#\s*include|(const|let|var)\b.*\brequire\b)\b/;
const QUOTED = /(["'`])(?:\\.|(?!\1)[^\\])*\1|(\/\/|# ).*/g;
const KEYWORDS = new Set(
  (
    "and async await bool boolean break case catch char class const continue def default del delete elif else elseif end " +
    "enum except export extends false finally float fn for from func function global if impl implements import in int " +
    "interface is lambda let match mut namespace new nil none None not null number of or package pass private protected " +
    "pub public raise return self static str string struct super switch then this throw throws True False trait true try " +
    "type typeof undefined use using var void where while with yield"
  ).split(" "),
);

/**
 * The likeliest first to be defined elsewhere: names that are imported and members of other objects, then other names; of
 * those the nearest. Without the word that is being written.
 */
export function namesNear(lines: Lines, line: number, character: number, most: number): Name[] {
  const imported = namesImported(lines);
  const found = new Map<string, Name & { foreign: boolean }>();
  const look = (at: number, text: string) => {
    for (const one of [...text.matchAll(NAME)].reverse()) {
      const name = one[0];
      if (KEYWORDS.has(name) || found.has(name)) continue;
      const before = text.slice(0, one.index);
      const member = /(\.|->|::)$/.test(before) && !/\b(self|this)\W+$/.test(before);
      found.set(name, { name, line: at, character: one.index, foreign: member || imported.has(name) });
    }
  };
  look(line, code(lines.lineAt(line).slice(0, character)).replace(/[\p{L}\p{N}_$]+$/u, ""));
  for (let away = 1; away <= ABOVE; away++) {
    if (line - away >= 0) look(line - away, code(lines.lineAt(line - away)));
    if (away <= BELOW && line + away < lines.lineCount) look(line + away, code(lines.lineAt(line + away)));
  }
  const names = [...found.values()];
  const sorted = [...names.filter(({ foreign }) => foreign), ...names.filter(({ foreign }) => !foreign)];
  return sorted.slice(0, most).map(({ foreign: _, ...name }) => name);
}

/** The lines of a definition that begins in `range`, or is all of it: the lines that are deeper below its first, at most 25. */
export function definitionIn(lines: Lines, range: LineRange): LineRange {
  const most = Math.min(lines.lineCount - 1, range.first + LONGEST - 1);
  if (range.last > range.first) return { first: range.first, last: Math.min(range.last, most) };
  const depth = depthOf(lines.lineAt(range.first));
  let last = range.first;
  for (let line = range.first + 1; line <= most; line++) {
    const text = lines.lineAt(line);
    if (!text.trim()) continue;
    const closes = depthOf(text) === depth && /^\s*[)\]}]/.test(text);
    if (depthOf(text) <= depth && !closes) break;
    last = line;
    // `) -> int:` goes on; `}` is the end.
    if (closes && !/[:{]\s*$/.test(text)) break;
  }
  return { first: range.first, last };
}

function namesImported(lines: Lines): ReadonlySet<string> {
  const names = new Set<string>();
  for (let line = 0; line < Math.min(lines.lineCount, IMPORTS); line++) {
    const text = lines.lineAt(line);
    if (IMPORT.test(text)) for (const [name] of text.matchAll(NAME)) names.add(name);
  }
  return names;
}

/** With spaces in place of texts and comments. */
function code(line: string): string {
  return line.replace(QUOTED, (found) => " ".repeat(found.length));
}

function depthOf(line: string): number {
  return line.length - line.trimStart().length;
}
