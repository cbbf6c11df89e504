/** Explains the selected code, on a page beside it. */
import { isExcluded, languageOf } from "sfm2-editor-core";
import * as vscode from "vscode";
import type { Server } from "../server";
import { settingsFor } from "../settings";
import { asked } from "./asked";

export const EXPLANATIONS = "sfm2-explanation";

/** The explanations of this session, as read-only pages. */
export class Explanations implements vscode.TextDocumentContentProvider {
  readonly #pages = new Map<string, string>();
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.#changed.event;

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.#pages.get(uri.path) ?? "This explanation is gone. Request it again.";
  }

  async show(title: string, text: string): Promise<void> {
    const uri = vscode.Uri.from({ scheme: EXPLANATIONS, path: `/${title}.md` });
    this.#pages.set(uri.path, text);
    this.#changed.fire(uri);
    await vscode.commands.executeCommand("markdown.showPreviewToSide", uri);
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
  const answer = await asked("Explaining…", (signal) => server.explain(code, language, signal));
  if (!answer) return;
  const name = document.uri.path.split("/").pop() ?? "code";
  const lines = range.isSingleLine
    ? `line ${range.start.line + 1}`
    : `lines ${range.start.line + 1}–${range.end.line + 1}`;
  const page = `### ${name}, ${lines}\n\n${answer.explanation}\n\n---\n*Written by ${answer.modelUsed}. It may be wrong.*\n`;
  await explanations.show(`Explanation of ${name}, ${lines}`, page);
}
