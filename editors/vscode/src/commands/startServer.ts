import * as vscode from "vscode";
import { isLocal, portOf } from "../core/address";

const NAME = "SFM-2 server";

/** Runs the server's command in a terminal, where one can see what it says and answer what it asks. */
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
  // In a terminal that we opened before, the server may have ended or still run: then the second says so and ends.
  terminal.sendText(`${command} --port ${portOf(url)}`);
}
