/** Switches suggestions on and off: all, or those in a language. */
import * as vscode from "vscode";
import { switchesIn, toggled } from "../pure/perLanguage";
import { SECTION } from "../settings";

export async function toggle(): Promise<void> {
  await change("enabled", (enabled) => enabled === false);
}

/** For the language of the document that is open. */
export async function toggleLanguage(): Promise<void> {
  const language = vscode.window.activeTextEditor?.document.languageId;
  if (language) await change("languages", (switches) => toggled(switchesIn(switches), language));
  else await vscode.window.showInformationMessage("SFM-2: open a file of the language first.");
}

/** Where the setting is set already, else for the user everywhere. */
async function change(name: string, changed: (value: unknown) => unknown): Promise<void> {
  const settings = vscode.workspace.getConfiguration(SECTION);
  const inWorkspace = settings.inspect(name)?.workspaceValue !== undefined;
  const target = inWorkspace ? vscode.ConfigurationTarget.Workspace : vscode.ConfigurationTarget.Global;
  await settings.update(name, changed(settings.get(name)), target);
}
