/** From an open document to the place that is sent. */
import { type Lines, languageOf, type Place, windowAround } from "sfm2-editor-core";
import * as vscode from "vscode";
import { type Cell, earlierLines, following } from "./pure/notebook";

/** Documents that people write code in: not output, commit messages or older versions. */
export const SCHEMES = ["file", "untitled", "vscode-remote", "vscode-notebook-cell", "vscode-vfs", "vscode-test-web"];

export function placeAt(document: vscode.TextDocument, position: vscode.Position): Place {
  const [lines, shift] = linesOf(document, position.line);
  const language = languageOf(document.languageId);
  const path = pathOf(document);
  return {
    ...windowAround(lines, position.line + shift, position.character),
    ...(language && { language }),
    ...(path && { path }),
  };
}

export function linesOfText(document: vscode.TextDocument): Lines {
  return { lineCount: document.lineCount, lineAt: (line) => document.lineAt(line).text };
}

/** The document's lines, in a notebook after those of earlier cells, and the number of the earlier lines. */
function linesOf(document: vscode.TextDocument, cursorLine: number): [Lines, number] {
  const own = linesOfText(document);
  const cell = cellOf(document);
  if (!cell) return [own, 0];
  const above = cell.notebook.getCells(new vscode.NotebookRange(0, cell.index)).map(asCell);
  const earlier = earlierLines(above, document.languageId);
  return [following(earlier, own, document.languageId, cursorLine), earlier.length];
}

function cellOf(document: vscode.TextDocument): vscode.NotebookCell | undefined {
  if (document.uri.scheme !== "vscode-notebook-cell") return undefined;
  for (const notebook of vscode.workspace.notebookDocuments) {
    if (notebook.uri.path !== document.uri.path) continue;
    const found = notebook.getCells().find((cell) => cell.document === document);
    if (found) return found;
  }
  return undefined;
}

function asCell(cell: vscode.NotebookCell): Cell {
  return {
    isCode: cell.kind === vscode.NotebookCellKind.Code,
    language: cell.document.languageId,
    text: cell.document.getText(),
  };
}

/** Relative to the workspace's folder; of a file outside of it only the name. */
function pathOf(document: vscode.TextDocument): string | undefined {
  if (document.isUntitled) return undefined;
  const inside = vscode.workspace.getWorkspaceFolder(document.uri);
  const path = inside ? vscode.workspace.asRelativePath(document.uri, false) : document.uri.path.split("/").pop();
  return path?.slice(-1_000).toWellFormed();
}
