/** Switches suggestions on and off. */
import * as vscode from "vscode";
import { SECTION } from "../settings";

/** Where the setting is set already, else for the user everywhere. */
export async function toggle(): Promise<void> {
  const settings = vscode.workspace.getConfiguration(SECTION);
  const found = settings.inspect<boolean>("enabled");
  const inWorkspace = found?.workspaceValue !== undefined;
  const target = inWorkspace ? vscode.ConfigurationTarget.Workspace : vscode.ConfigurationTarget.Global;
  await settings.update("enabled", settings.get("enabled") === false, target);
}
