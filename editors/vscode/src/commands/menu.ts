import * as vscode from "vscode";
import { type Situation, statusText } from "../pure/statusText";
import { SECTION } from "../settings";

interface Entry extends vscode.QuickPickItem {
  readonly run?: readonly [command: string, ...rest: unknown[]];
}

/** What a click on the status bar opens: the state, and what the user can do. The fix comes first. */
export async function menu(situation: Situation): Promise<void> {
  const said = statusText(situation);
  const settings: Entry = { label: "$(gear) Settings", run: ["workbench.action.openSettings", SECTION] };
  const start: Entry = { label: "$(play) Start a server on this machine", run: ["sfm2.startServer"] };
  const key: Entry = { label: "$(key) Set API key", run: ["sfm2.setKey"] };
  const log: Entry = { label: "$(output) Show log", run: ["sfm2.showLog"] };
  const sources: Entry = { label: "$(references) Show what the model was shown", run: ["sfm2.showSources"] };
  const language: Entry = {
    label: "$(code) Switch automatic suggestions off for this language",
    run: ["sfm2.toggleLanguage"],
  };
  const entries: Entry[] = [
    {
      label: `${situation.automatic ? "$(circle-slash) Switch automatic suggestions off" : "$(check) Switch automatic suggestions on"}`,
      run: [situation.languageOff ? "sfm2.toggleLanguage" : "sfm2.toggle"],
    },
    { label: "$(refresh) Check the server now", run: ["sfm2.check"] },
    ...(situation.languageOff || !situation.automatic ? [] : [language]),
    ...(situation.local && situation.state.kind === "offline" ? [start] : []),
    ...(situation.sources.length > 0 ? [sources] : []),
    key,
    settings,
    log,
  ];
  const isFix = (entry: Entry) =>
    entry.run?.[0] === said.command || (said.command === "settings" && entry === settings);
  entries.sort((a, b) => Number(isFix(b)) - Number(isFix(a)));
  const chosen = await vscode.window.showQuickPick(entries, {
    title: "SFM-2",
    placeHolder: `${said.detail} ${said.fix}`,
  });
  if (chosen?.run) await vscode.commands.executeCommand(...chosen.run);
}
