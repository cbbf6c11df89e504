/** Writes the code that a comment asks for, below it. */
import { isExcluded } from "sfm2-editor-core";
import * as vscode from "vscode";
import { linesOfText, placeAt } from "../documents";
import { commentAt } from "../pure/comment";
import { PATIENCE, type Server } from "../server";
import { settingsFor } from "../settings";
import { asked } from "./asked";

const MAX_LENGTH = 400;

export async function generate(server: Server): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  if (!editor) return;
  const { document } = editor;
  const settings = settingsFor(document);
  const comment = commentAt(linesOfText(document), editor.selection.active.line);
  if (!comment || isExcluded(document.uri.path, settings.exclude)) {
    const why = comment
      ? "sfm2.exclude keeps this file's text from being sent."
      : "put the cursor on a comment that says what to write.";
    await vscode.window.showInformationMessage(`SFM-2: ${why}`);
    return;
  }
  const end = document.lineAt(comment.last).range.end;
  const version = document.version;
  const place = placeAt(document, end);
  const request = {
    place: { ...place, prefix: `${place.prefix}\n${comment.indent}` },
    options: { mode: "function", maxLength: MAX_LENGTH, adapter: settings.adapter || null, timeout: PATIENCE },
  } as const;
  const answer = await asked("Writing…", (signal, say) =>
    server.complete(request, signal, ({ text }) => say(text.trim().split("\n").pop() ?? "")),
  );
  if (!answer) return;
  if (!answer.completion.trim()) {
    await vscode.window.showInformationMessage("SFM-2: the model had nothing that fits here. Say more in the comment.");
    return;
  }
  await insert(editor, version, end, `\n${comment.indent}${answer.completion.trimEnd()}`);
}

async function insert(editor: vscode.TextEditor, version: number, at: vscode.Position, text: string): Promise<void> {
  const unchanged = editor.document.version === version && !editor.document.isClosed;
  if (unchanged && (await editor.edit((edit) => edit.insert(at, text)))) {
    editor.revealRange(new vscode.Range(at, editor.selection.active));
    return;
  }
  await vscode.env.clipboard.writeText(text.trimStart());
  await vscode.window.showInformationMessage(
    "SFM-2: the file was changed in the meantime; the code is on the clipboard.",
  );
}
