import * as vscode from "vscode";
import { type Situation, type StatusText, sourcesText, statusText } from "./pure/statusText";
import { SECTION } from "./settings";

const COLOURS = {
  none: undefined,
  warning: new vscode.ThemeColor("statusBarItem.warningBackground"),
  error: new vscode.ThemeColor("statusBarItem.errorBackground"),
};

const SETTINGS_OF_OURS = `command:workbench.action.openSettings?${encodeURIComponent(JSON.stringify(SECTION))}`;

/** What Markdown would take for its own in a path, such as `__init__.py`. */
const PATH_SIGNS = /[\\[\]`*_<>~!]/g;

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
    this.#item.tooltip = tooltip(said, sourcesText(situation));
    this.#item.backgroundColor = COLOURS[said.severity];
    this.#item.accessibilityInformation = { label: `SFM-2: ${said.detail} ${said.fix}`, role: "button" };
  }

  dispose(): void {
    this.#item.dispose();
  }
}

function tooltip(said: StatusText, sources: string): vscode.MarkdownString {
  const text = new vscode.MarkdownString(undefined, true);
  text.isTrusted = {
    enabledCommands: [
      "workbench.action.openSettings",
      "sfm2.startServer",
      "sfm2.setKey",
      "sfm2.showLog",
      "sfm2.showSources",
    ],
  };
  text.appendText(said.detail);
  if (said.fix) appendFix(text.appendMarkdown("\n\n"), said);
  if (sources)
    text.appendMarkdown("\n\n").appendMarkdown(link(sources.replace(PATH_SIGNS, "\\$&"), "command:sfm2.showSources"));
  return text;
}

function appendFix(text: vscode.MarkdownString, { fix, command }: StatusText): void {
  if (command === undefined) text.appendText(fix);
  // A bracket in the server's message must not end the link's text.
  else
    text.appendMarkdown(
      link(fix.replace(/[\\[\]]/g, "\\$&"), command === "settings" ? SETTINGS_OF_OURS : `command:${command}`),
    );
}

function link(label: string, address: string): string {
  return `[${label}](${address})`;
}
