import * as vscode from "vscode";
import { isLocal, portOf } from "../pure/address";

const NAME = "SFM-2 server";

/** Runs the server's command in a terminal, where the user sees its output and can answer its questions. */
export async function startServer(url: string, command: string): Promise<void> {
  if (!isLocal(url)) {
    await vscode.window.showWarningMessage(
      `sfm2.url is ${url}: a server is started only for an address of this machine.`,
    );
    return;
  }
  const running = vscode.window.terminals.find((one) => one.name === NAME && one.exitStatus === undefined);
  const terminal =
    running ?? vscode.window.createTerminal({ name: NAME, iconPath: new vscode.ThemeIcon("server-process") });
  terminal.show(true);
  // In a terminal that we opened earlier the server may still run; then the second one reports that and exits.
  terminal.sendText(`${command} --port ${portOf(url)}`);
}
