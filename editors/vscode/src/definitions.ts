/** Where names near the cursor are defined, by the editor's own language services. */
import { definitionIn, excerptOf, type FoundDefinition, type Lines, namesNear } from "sfm2-editor-core";
import * as vscode from "vscode";
import { FILES, linesOfText, nameOfFile } from "./documents";
import { isLibrary } from "./pure/library";

/** Names that are looked up. */
const NAMES = 8;
/** Bytes: a larger file is not read for one definition. */
const LARGEST = 1_000_000;

interface Target {
  readonly uri: vscode.Uri;
  readonly range: vscode.Range;
}

/** The likeliest to be meant first, without those in the document itself. A language service may take seconds. */
export async function definitionsNear(
  document: vscode.TextDocument,
  position: vscode.Position,
): Promise<FoundDefinition[]> {
  const names = namesNear(linesOfText(document), position.line, position.character, NAMES);
  const targets = await Promise.all(
    names.map(({ line, character }) => targetOf(document, new vscode.Position(line, character))),
  );
  const texts = new Map<string, Promise<Lines | undefined>>();
  const found = targets.map(async (target): Promise<FoundDefinition | undefined> => {
    if (!target) return undefined;
    const key = target.uri.toString();
    const reading = texts.get(key) ?? linesOfFile(target.uri);
    texts.set(key, reading);
    return definitionAt(target, await reading);
  });
  return (await Promise.all(found)).filter((one) => one !== undefined);
}

/** The first that is elsewhere. */
async function targetOf(document: vscode.TextDocument, position: vscode.Position): Promise<Target | undefined> {
  const found = await vscode.commands.executeCommand<(vscode.Location | vscode.LocationLink)[] | undefined>(
    "vscode.executeDefinitionProvider",
    document.uri,
    position,
  );
  const targets = (found ?? []).map((one) =>
    "targetUri" in one ? { uri: one.targetUri, range: one.targetRange } : { uri: one.uri, range: one.range },
  );
  return targets.find(({ uri }) => uri.path !== document.uri.path && FILES.includes(uri.scheme));
}

function definitionAt({ uri, range }: Target, lines: Lines | undefined): FoundDefinition | undefined {
  if (!lines || range.start.line >= lines.lineCount) return undefined;
  const { path, inside } = nameOfFile(uri);
  const part = definitionIn(lines, { first: range.start.line, last: range.end.line });
  const excerpt = excerptOf({ path, file: uri.path, lines }, part);
  return excerpt && { ...excerpt, inRepository: inside && !isLibrary(path) };
}

/** Of an open document, else of the file, which is not opened: other extensions would see that. */
async function linesOfFile(uri: vscode.Uri): Promise<Lines | undefined> {
  const open = vscode.workspace.textDocuments.find((one) => one.uri.toString() === uri.toString());
  if (open) return linesOfText(open);
  try {
    const { size } = await vscode.workspace.fs.stat(uri);
    if (size > LARGEST) return undefined;
    const lines = new TextDecoder().decode(await vscode.workspace.fs.readFile(uri)).split(/\r?\n/);
    return { lineCount: lines.length, lineAt: (line) => lines[line] ?? "" };
  } catch {
    return undefined; // It is gone, or cannot be read: then there is nothing to show of it.
  }
}
