/** A request that the user waits for: shown while it runs, can be cancelled, and reports what went wrong. */
import { SFM2Error } from "sfm2-client";
import * as vscode from "vscode";

/** Undefined when it was cancelled or failed. `say` shows how far it is. */
export async function asked<T>(
  title: string,
  ask: (signal: AbortSignal, say: (message: string) => void) => Promise<T>,
): Promise<T | undefined> {
  const location = vscode.ProgressLocation.Notification;
  const how = { location, title: `SFM-2: ${title}`, cancellable: true };
  return vscode.window.withProgress(how, async (progress, token) => {
    const cancel = new AbortController();
    const listening = token.onCancellationRequested(() => cancel.abort());
    try {
      return await ask(cancel.signal, (message) => progress.report({ message }));
    } catch (error) {
      if (cancel.signal.aborted) return undefined;
      if (!(error instanceof SFM2Error)) throw error;
      void sayWhy(error);
      return undefined;
    } finally {
      listening.dispose();
    }
  });
}

async function sayWhy({ message, suggestion }: SFM2Error): Promise<void> {
  const what = [message, suggestion].filter(Boolean).join(". ");
  const chosen = await vscode.window.showErrorMessage(`SFM-2: ${what}`, "Show log");
  if (chosen) await vscode.commands.executeCommand("sfm2.showLog");
}
