/** Shows which code of other files the model was shown for the last answer, and opens it. */
import { nameOf, type ShownSource } from "sfm2-editor-core";
import * as vscode from "vscode";
import { FILES } from "../documents";
import { patternOf, placesOf } from "../pure/places";

export async function showSources(sources: readonly ShownSource[]): Promise<void> {
  if (sources.length === 0) {
    await vscode.window.showInformationMessage("SFM-2: no code of other files was shown to the model last time.");
    return;
  }
  const entries = sources.map((source) => ({ label: `$(file-code) ${nameOf(source)}`, source }));
  const chosen = await vscode.window.showQuickPick(entries, {
    title: "SFM-2: shown to the model for its last answer",
    placeHolder: "The most relevant first",
  });
  if (chosen) await open(chosen.source);
}

async function open(source: ShownSource): Promise<void> {
  const uri = await uriOf(source);
  if (!uri) {
    await vscode.window.showInformationMessage(`SFM-2: ${source.path} is not in this workspace.`);
    return;
  }
  const line = (source.first ?? 1) - 1;
  await vscode.window.showTextDocument(uri, { preview: true, selection: new vscode.Range(line, 0, line, 0) });
}

/** The server names files below the repository, which may be around the workspace, or in it. */
async function uriOf({ file, path }: ShownSource): Promise<vscode.Uri | undefined> {
  const open = vscode.workspace.textDocuments.find(({ uri }) => uri.path === file && FILES.includes(uri.scheme));
  if (open) return open.uri;
  const active = vscode.window.activeTextEditor?.document.uri;
  const beside = active ? [vscode.Uri.joinPath(active, "..")] : [];
  const roots = [...(vscode.workspace.workspaceFolders ?? []).map(({ uri }) => uri), ...beside];
  const [root] = roots;
  if (!root) return undefined;
  const places = placesOf(
    file ?? path,
    roots.map((one) => one.path),
  );
  for (const place of places) {
    const uri = root.with({ path: place });
    if (await exists(uri)) return uri;
  }
  const [found] = await vscode.workspace.findFiles(patternOf(path), null, 1);
  return found;
}

async function exists(uri: vscode.Uri): Promise<boolean> {
  return vscode.workspace.fs.stat(uri).then(
    ({ type }) => (type & vscode.FileType.File) !== 0,
    () => false,
  );
}
