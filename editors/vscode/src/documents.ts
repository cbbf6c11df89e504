/** From an open document to the place that is sent. */
import { type Lines, languageOf, type Place, windowAround } from "sfm2-editor-core";
import * as vscode from "vscode";
import { outsideName } from "./pure/library";
import { type Cell, earlierLines, following } from "./pure/notebook";

/** Files that people write code in: not output, commit messages or older versions. */
export const FILES = ["file", "untitled", "vscode-remote", "vscode-vfs", "vscode-test-web"];
/** And cells of notebooks. */
export const SCHEMES = [...FILES, "vscode-notebook-cell"];

export function placeAt(document: vscode.TextDocument, position: vscode.Position): Place {
  const [lines, shift] = linesOf(document, position.line);
  const language = languageOf(document.languageId);
  const path = document.isUntitled ? undefined : nameOfFile(document.uri).path;
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

/** How the server knows a file: by its path below the workspace's folder. `inside`: there is one around it. */
export function nameOfFile(uri: vscode.Uri): { path: string; inside: boolean } {
  const inside = vscode.workspace.getWorkspaceFolder(uri) !== undefined;
  const path = inside ? vscode.workspace.asRelativePath(uri, false) : outsideName(uri.path);
  return { path: path.slice(-1_000).toWellFormed(), inside };
}
