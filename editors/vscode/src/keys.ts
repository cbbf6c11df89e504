import type * as vscode from "vscode";

/** API keys, in the editor's secret storage, one for each server: none is sent to another. */
export class Keys {
  constructor(private readonly secrets: vscode.SecretStorage) {}

  async of(url: string): Promise<string | undefined> {
    return (await this.secrets.get(name(url))) || undefined;
  }

  /** An empty key is none. */
  async set(url: string, key: string): Promise<void> {
    if (key.trim()) await this.secrets.store(name(url), key.trim());
    else await this.secrets.delete(name(url));
  }

  onChanged(changed: () => void): vscode.Disposable {
    return this.secrets.onDidChange(changed);
  }
}

function name(url: string): string {
  return `sfm2.key:${url}`;
}
