import * as vscode from "vscode";
import { type Situation, type StatusText, statusText } from "./pure/statusText";
import { SECTION } from "./settings";

const COLOURS = {
  none: undefined,
  warning: new vscode.ThemeColor("statusBarItem.warningBackground"),
  error: new vscode.ThemeColor("statusBarItem.errorBackground"),
};

const SETTINGS_OF_OURS = `command:workbench.action.openSettings?${encodeURIComponent(JSON.stringify(SECTION))}`;

export class StatusBar implements vscode.Disposable {
  readonly #item = vscode.window.createStatusBarItem("status", vscode.StatusBarAlignment.Right, 90);

  constructor() {
    this.#item.name = "SFM-2";
    this.#item.command = "sfm2.menu";
    this.#item.show();
  }

  show(situation: Situation): void {
    const said = statusText(situation);
    this.#item.text = `$(${said.icon}) SFM-2: ${said.text}`;
    this.#item.tooltip = tooltip(said);
    this.#item.backgroundColor = COLOURS[said.severity];
    this.#item.accessibilityInformation = { label: `SFM-2: ${said.detail} ${said.fix}`, role: "button" };
  }

  dispose(): void {
    this.#item.dispose();
  }
}

function tooltip(said: StatusText): vscode.MarkdownString {
  const text = new vscode.MarkdownString(undefined, true);
  text.isTrusted = {
    enabledCommands: ["workbench.action.openSettings", "sfm2.startServer", "sfm2.setKey", "sfm2.showLog"],
  };
  text.appendText(said.detail);
  if (!said.fix) return text;
  text.appendMarkdown("\n\n");
  if (said.command === undefined) return text.appendText(said.fix);
  // A bracket in the server's message must not end the link's text.
  const label = said.fix.replace(/[\\[\]]/g, "\\$&");
  return text.appendMarkdown(
    `[${label}](${said.command === "settings" ? SETTINGS_OF_OURS : `command:${said.command}`})`,
  );
}
