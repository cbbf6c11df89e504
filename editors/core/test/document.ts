/** A document with a cursor, typed into as an editor would. */
import type { Place } from "../src/place.ts";
import { windowAround } from "../src/window.ts";

export class Document {
  constructor(
    public before: string,
    public after = "",
  ) {}

  get text(): string {
    return this.before + this.after;
  }

  type(text: string): this {
    this.before += text;
    return this;
  }

  /** "(" typed becomes "()" with the cursor between. */
  typeClosed(open: string, close: string): this {
    this.before += open;
    this.after = close + this.after;
    return this;
  }

  take(suggestion: { text: string; replaces: number }): this {
    this.before += suggestion.text;
    this.after = this.after.slice(suggestion.replaces);
    return this;
  }

  place(path = "a.py"): Place {
    const lines = this.text.split("\n");
    const above = this.before.split("\n");
    const character = above.at(-1)?.length ?? 0;
    const source = { lineCount: lines.length, lineAt: (line: number) => lines[line] ?? "" };
    return { ...windowAround(source, above.length - 1, character), path, language: "python" };
  }
}
