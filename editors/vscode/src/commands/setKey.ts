import * as vscode from "vscode";
import type { Keys } from "../keys";

export async function setKey(keys: Keys, url: string): Promise<void> {
  const key = await vscode.window.showInputBox({
    title: `API key for ${url}`,
    prompt: "`sfm2 keys create` makes one. It is kept in the editor's secret storage. Empty removes it.",
    password: true,
    ignoreFocusOut: true,
  });
  if (key !== undefined) await keys.set(url, key);
}
