/** Asks for faulty lines anew, and shows what would change before it is changed. */
import { isExcluded, LANGUAGES, languageOf } from "sfm2-editor-core";
import * as vscode from "vscode";
import { placeAt } from "../documents";
import { note, repaired } from "../pure/repair";
import type { Server } from "../server";
import { settingsFor } from "../settings";
import { asked } from "./asked";

export const CORRECTIONS = "sfm2-correction";

interface Edit {
  readonly range: vscode.Range;
  readonly text: string;
}

/** The files as they would be once corrected, to be compared with what they are. */
export class Corrections implements vscode.TextDocumentContentProvider {
  readonly #texts = new Map<string, string>();
  #count = 0;

  of(document: vscode.TextDocument, { range, text }: Edit): vscode.Uri {
    const whole = document.getText();
    const [start, end] = [document.offsetAt(range.start), document.offsetAt(range.end)];
    // A number, for VS Code keeps what it has read; the path tells it the language.
    const uri = vscode.Uri.from({ scheme: CORRECTIONS, path: document.uri.path, query: `${++this.#count}` });
    this.#texts.clear();
    this.#texts.set(uri.toString(), whole.slice(0, start) + text + whole.slice(end));
    return uri;
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.#texts.get(uri.toString()) ?? "This correction is gone. Request it again.";
  }
}

/** Of code that is written anew. */
const MAX_LENGTH = 200;

/** Whether a comment can say to the model what is wrong. */
export function canFix(document: vscode.TextDocument): boolean {
  const language = languageOf(document.languageId);
  return language !== undefined && LANGUAGES[language].comment !== "";
}

export async function fix(
  server: Server,
  corrections: Corrections,
  document: vscode.TextDocument,
  { range, message }: vscode.Diagnostic,
): Promise<void> {
  const language = languageOf(document.languageId);
  const settings = settingsFor(document);
  if (!language || isExcluded(document.uri.path, settings.exclude)) {
    await say("sfm2.exclude keeps this file's text from being sent.");
    return;
  }
  const whole = new vscode.Range(range.start.line, 0, range.end.line, document.lineAt(range.end.line).text.length);
  const fault = { message, lines: document.getText(whole).split(/\r?\n/) };
  const version = document.version;
  const before = placeAt(document, whole.start);
  const place = {
    ...before,
    prefix: before.prefix + note(fault, LANGUAGES[language].comment),
    suffix: placeAt(document, whole.end).suffix,
  };
  const mode = whole.isSingleLine ? "line" : "block";
  const options = { mode, maxLength: MAX_LENGTH, adapter: settings.adapter || null } as const;
  const answer = await asked("Looking for a correction…", (signal) => server.complete({ place, options }, signal));
  if (!answer) return;
  const text = repaired(fault, answer.completion);
  if (text === undefined || document.version !== version) {
    await say(text === undefined ? "the model has no correction for this." : "the file was changed in the meantime.");
    return;
  }
  if (!(await isWanted(corrections, document, { range: whole, text }, answer.confidence))) return;
  if (document.version !== version) {
    await say("the file was changed in the meantime.");
    return;
  }
  const edit = new vscode.WorkspaceEdit();
  edit.replace(document.uri, whole, text);
  await vscode.workspace.applyEdit(edit);
  await vscode.window.showTextDocument(document);
}

/** Shows both versions of the file beside each other. True once the user wants the corrected one. */
async function isWanted(corrections: Corrections, document: vscode.TextDocument, edit: Edit, confidence: number) {
  const name = document.uri.path.split("/").pop() ?? "code";
  const shown = corrections.of(document, edit);
  await vscode.commands.executeCommand("vscode.diff", document.uri, shown, `${name}: correction by SFM-2`);
  const said = `SFM-2: a correction, confidence ${confidence.toFixed(2)}. It may be wrong.`;
  const chosen = await vscode.window.showInformationMessage(said, "Apply", "Discard");
  await closeTabsOf(shown);
  return chosen === "Apply";
}

async function closeTabsOf(uri: vscode.Uri): Promise<void> {
  const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
  const shows = ({ input }: vscode.Tab) =>
    input instanceof vscode.TabInputTextDiff && input.modified.toString() === uri.toString();
  await vscode.window.tabGroups.close(tabs.filter(shows));
}

async function say(what: string): Promise<void> {
  await vscode.window.showInformationMessage(`SFM-2: ${what}`);
}
