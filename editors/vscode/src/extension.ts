/** Puts the parts together. */
import { Connection, Suggester } from "sfm2-editor-core";
import * as vscode from "vscode";
import { EXPLANATIONS, Explanations, explain } from "./commands/explain";
import { generate } from "./commands/generate";
import { menu } from "./commands/menu";
import { setKey } from "./commands/setKey";
import { startServer } from "./commands/startServer";
import { toggle } from "./commands/toggle";
import { SCHEMES } from "./documents";
import { Keys } from "./keys";
import { ACCEPTED, Provider } from "./provider";
import { isLocal } from "./pure/address";
import type { Situation } from "./pure/statusText";
import { Server } from "./server";
import { SECTION, settingsFor } from "./settings";
import { StatusBar } from "./statusBar";
import { Verdicts } from "./verdicts";

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const log = vscode.window.createOutputChannel("SFM-2", { log: true });
  const keys = new Keys(context.secrets);
  const bar = new StatusBar();
  const { url } = settingsFor();
  const server = new Server(url, await keys.of(url), log);
  const suggester = new Suggester((request, signal) => server.complete(request, signal));

  const situation = (): Situation => ({
    state: connection.state,
    url: server.url,
    automatic: settingsFor(vscode.window.activeTextEditor?.document).enabled,
    hasKey: server.hasKey,
    asking: server.asking,
    adapter: server.adapter,
    local: isLocal(server.url),
  });
  const show = () => bar.show(situation());
  const connection = new Connection(server, {
    awake: () => vscode.window.state.focused,
    changed: (state) => {
      log.info(`server: ${JSON.stringify(state)}`);
      show();
    },
  });
  const verdicts = new Verdicts((id, outcome) => server.feedback(id, outcome), log);
  const provider = new Provider(suggester, connection, verdicts, log);
  const explanations = new Explanations();

  const reconnect = async (): Promise<void> => {
    const wanted = settingsFor().url;
    server.use(wanted, await keys.of(wanted));
    suggester.forget();
    await connection.restart();
  };
  const command = (name: string, run: (...given: never[]) => unknown) => vscode.commands.registerCommand(name, run);
  const unfinished = server.onAsking(show);
  const answered = server.onAnswer((answer) => {
    const [failed] = answer.fallback;
    connection.answered(failed && `${failed.backend}: ${failed.message}`);
    show();
  });

  context.subscriptions.push(
    ...[log, bar, connection, verdicts, provider, unfinished, answered],
    vscode.languages.registerInlineCompletionItemProvider(
      SCHEMES.map((scheme) => ({ scheme })),
      provider,
    ),
    vscode.workspace.registerTextDocumentContentProvider(EXPLANATIONS, explanations),
    vscode.window.onDidChangeActiveTextEditor(show),
    vscode.window.onDidChangeWindowState(({ focused }) => focused && connection.nudge()),
    keys.onChanged(() => void reconnect()),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (!event.affectsConfiguration(SECTION)) return;
      if (event.affectsConfiguration(`${SECTION}.url`) || event.affectsConfiguration(`${SECTION}.adapter`))
        void reconnect();
      show();
    }),
    command(ACCEPTED, (id: string) => verdicts.accepted(id)),
    command("sfm2.menu", () => menu(situation())),
    command("sfm2.toggle", toggle),
    command("sfm2.explain", () => explain(server, explanations)),
    command("sfm2.generate", () => generate(server)),
    command("sfm2.startServer", async () => {
      await startServer(server.url, settingsFor().serverCommand);
      await connection.restart();
    }),
    command("sfm2.setKey", () => setKey(keys, server.url)),
    command("sfm2.check", () => connection.restart()),
    command("sfm2.showLog", () => log.show()),
  );
  show();
  void connection.check();
}
