/** How a faulty piece of code is asked for anew: as a hole below a comment that says what was wrong there. */

export interface Fault {
  readonly message: string;
  /** The lines it is in, whole. */
  readonly lines: readonly string[];
}

/** Of a message, in characters. */
const MOST = 300;

/** The comment, and the indentation of what is to come below it. `mark` begins a comment of the language. */
export function note({ message, lines }: Fault, mark: string): string {
  const indent = indentOf(lines);
  const said = message.replace(/\s+/g, " ").trim().slice(0, MOST);
  const wrong = lines.map((line) => `${mark}   ${line.slice(indent.length)}`.trimEnd());
  return [`${mark} Wrong, ${said}:`, ...wrong, `${mark} Corrected:`, ""].map((line) => indent + line).join("\n");
}

/** The lines that take the place of the faulty ones; undefined where the answer changes nothing. */
export function repaired({ lines }: Fault, answer: string): string | undefined {
  const text = indentOf(lines) + answer.trim();
  const isSame = text === lines.join("\n").trimEnd();
  return answer.trim() && !isSame ? text : undefined;
}

function indentOf(lines: readonly string[]): string {
  return /^\s*/.exec(lines[0] ?? "")?.[0] ?? "";
}
