/** What the light bulb offers: an explanation of what is selected, and a correction of what is marked as wrong. */
import * as vscode from "vscode";
import { canFix } from "./commands/fix";

/** Faults in more lines than this are not one mistake. */
const MOST_LINES = 12;

export class Actions implements vscode.CodeActionProvider {
  static readonly kinds = [vscode.CodeActionKind.QuickFix, vscode.CodeActionKind.Empty.append("sfm2")];

  provideCodeActions(
    document: vscode.TextDocument,
    range: vscode.Range,
    context: vscode.CodeActionContext,
  ): vscode.CodeAction[] {
    const fixes = canFix(document) ? context.diagnostics.filter(isSmall).map((fault) => fixOf(document, fault)) : [];
    return range.isEmpty ? fixes : [...fixes, explanation()];
  }
}

function isSmall({ range }: vscode.Diagnostic): boolean {
  return range.end.line - range.start.line < MOST_LINES;
}

function explanation(): vscode.CodeAction {
  const action = new vscode.CodeAction("Explain with SFM-2", vscode.CodeActionKind.Empty.append("sfm2.explain"));
  action.command = { title: action.title, command: "sfm2.explain" };
  return action;
}

function fixOf(document: vscode.TextDocument, fault: vscode.Diagnostic): vscode.CodeAction {
  const action = new vscode.CodeAction("Fix with SFM-2", vscode.CodeActionKind.QuickFix);
  action.diagnostics = [fault];
  action.command = { title: action.title, command: "sfm2.fix", arguments: [document, fault] };
  return action;
}
