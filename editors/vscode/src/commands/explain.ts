/** Explains the selected code, on a page beside it. */
import { type CodeFacts, headOf, isExcluded, languageOf, rowsOf, SHOWN } from "sfm2-editor-core";
import * as vscode from "vscode";
import type { Server } from "../server";
import { settingsFor } from "../settings";
import { asked } from "./asked";

export const EXPLANATIONS = "sfm2-explanation";

/** The explanations of this session, as read-only pages. */
export class Explanations implements vscode.TextDocumentContentProvider {
  readonly #pages = new Map<string, string>();
  /** Those that are being written. */
  readonly #open = new Set<string>();
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.#changed.event;

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.#pages.get(uri.path) ?? "This explanation is gone. Request it again.";
  }

  /** Opens the page beside the editor, where it is not open yet. */
  async show(title: string, text: string): Promise<void> {
    const uri = vscode.Uri.from({ scheme: EXPLANATIONS, path: `/${title}.md` });
    const open = this.#open.has(uri.path);
    this.#pages.set(uri.path, text);
    this.#open.add(uri.path);
    this.#changed.fire(uri);
    if (!open) await vscode.commands.executeCommand("markdown.showPreviewToSide", uri);
  }

  /** The next `show` of this page opens it again: it may have been closed. */
  done(title: string): void {
    this.#open.delete(`/${title}.md`);
  }
}

export async function explain(server: Server, explanations: Explanations): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  if (!editor) return;
  const { document, selection } = editor;
  if (isExcluded(document.uri.path, settingsFor(document).exclude)) {
    await vscode.window.showInformationMessage("SFM-2: sfm2.exclude keeps this file's text from being sent.");
    return;
  }
  const range = selection.isEmpty ? document.lineAt(selection.active.line).range : selection;
  const code = document.getText(range).toWellFormed();
  if (!code.trim()) {
    await vscode.window.showInformationMessage("SFM-2: select the code to explain.");
    return;
  }
  const language = languageOf(document.languageId);
  const name = document.uri.path.split("/").pop() ?? "code";
  const lines = range.isSingleLine
    ? `line ${range.start.line + 1}`
    : `lines ${range.start.line + 1}–${range.end.line + 1}`;
  const title = `Explanation of ${name}, ${lines}`;
  let written = "";
  const show = (end: string) => explanations.show(title, `### ${name}, ${lines}\n\n${written}\n\n${end}`);
  const answer = await asked("Explaining…", (signal) =>
    server.explain(code, { language }, signal, ({ text }) => {
      written += text;
      void show("…");
    }),
  );
  if (answer) {
    written = answer.explanation;
    await show(`---\n*Written by ${answer.modelUsed}. It may be wrong.*\n${readOff(answer.facts)}`);
  } else if (written) {
    await show("---\n*It ended here.*\n");
  }
  explanations.done(title);
}

/** What is not the model's word: it was read off the code. */
function readOff(facts: readonly CodeFacts[]): string {
  const definitions = facts.slice(0, SHOWN).map((one) => {
    const rows = rowsOf(one).map(([name, code]) => `- ${name} ${code.map(asCode).join(", ")}`);
    return `${asCode(headOf(one))}\n\n${rows.join("\n")}\n`;
  });
  const left = facts.length - definitions.length;
  const more = left > 0 ? [`and ${left} more`] : [];
  return facts.length > 0 ? `\n#### Read off the code\n\n${[...definitions, ...more].join("\n")}\n` : "";
}

/** In Markdown, whatever backticks it has. */
function asCode(text: string): string {
  const longest = Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  const fence = "`".repeat(longest + 1);
  const line = text.replaceAll(/\s+/g, " ");
  return longest > 0 ? `${fence} ${line} ${fence}` : `${fence}${line}${fence}`;
}
