/** Puts the parts together. */
import { Connection, nameOf, type State, Suggester } from "sfm2-editor-core";
import * as vscode from "vscode";
import { Actions } from "./actions";
import { Alternatives } from "./alternatives";
import { EXPLANATIONS, Explanations, explain } from "./commands/explain";
import { CORRECTIONS, Corrections, fix } from "./commands/fix";
import { generate } from "./commands/generate";
import { menu } from "./commands/menu";
import { setKey } from "./commands/setKey";
import { showSources } from "./commands/showSources";
import { startServer } from "./commands/startServer";
import { toggle, toggleLanguage } from "./commands/toggle";
import { EditorContext } from "./context";
import { SCHEMES } from "./documents";
import { Keys } from "./keys";
import { ACCEPTED, Provider, requestAt } from "./provider";
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
  const suggester = new Suggester((request, signal, heard) => server.complete(request, signal, heard), {
    grew: (received) => void provider.grew(received),
  });

  const situation = (): Situation => ({
    state: connection.state,
    url: server.url,
    ...switches(vscode.window.activeTextEditor?.document),
    hasKey: server.hasKey,
    asking: server.asking,
    adapter: server.adapter,
    local: isLocal(server.url),
    sources: server.sources.map(nameOf),
  });
  const show = () => bar.show(situation());
  const connection = new Connection(server, {
    awake: () => vscode.window.state.focused,
    changed: (state) => {
      log.info(`server: ${JSON.stringify(state)}`);
      void vscode.commands.executeCommand("setContext", "sfm2.connected", isWell(state));
      show();
    },
  });
  const verdicts = new Verdicts((id, outcome) => server.feedback(id, outcome), log);
  const around = new EditorContext(server, log);
  const alternatives = new Alternatives(server, suggester, (document, position) =>
    requestAt(document, position, settingsFor(document), around),
  );
  const provider = new Provider(suggester, connection, verdicts, alternatives, around, log);
  const explanations = new Explanations();
  const corrections = new Corrections();

  const reconnect = async (): Promise<void> => {
    const wanted = settingsFor().url;
    server.use(wanted, await keys.of(wanted));
    suggester.forget();
    around.forget();
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
    ...[log, bar, connection, verdicts, around, provider, unfinished, answered],
    vscode.languages.registerInlineCompletionItemProvider(
      SCHEMES.map((scheme) => ({ scheme })),
      provider,
    ),
    vscode.languages.registerCodeActionsProvider(
      SCHEMES.map((scheme) => ({ scheme })),
      new Actions(),
      { providedCodeActionKinds: Actions.kinds },
    ),
    vscode.workspace.registerTextDocumentContentProvider(EXPLANATIONS, explanations),
    vscode.workspace.registerTextDocumentContentProvider(CORRECTIONS, corrections),
    vscode.window.onDidChangeActiveTextEditor(show),
    vscode.window.onDidChangeWindowState(({ focused }) => focused && connection.nudge()),
    keys.onChanged(() => void reconnect()),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (!event.affectsConfiguration(SECTION)) return;
      if (event.affectsConfiguration(`${SECTION}.url`) || event.affectsConfiguration(`${SECTION}.adapter`))
        void reconnect();
      show();
    }),
    command(ACCEPTED, (key: string) => verdicts.accepted(key)),
    command("sfm2.menu", () => menu(situation())),
    command("sfm2.toggle", toggle),
    command("sfm2.toggleLanguage", toggleLanguage),
    command("sfm2.nextSuggestion", () => alternatives.show("next")),
    command("sfm2.previousSuggestion", () => alternatives.show("previous")),
    command("sfm2.fix", (document: vscode.TextDocument, fault: vscode.Diagnostic) =>
      fix(server, corrections, document, fault),
    ),
    command("sfm2.explain", () => explain(server, explanations)),
    command("sfm2.generate", () => generate(server)),
    command("sfm2.startServer", async () => {
      await startServer(server.url, settingsFor().serverCommand);
      await connection.restart();
    }),
    command("sfm2.setKey", () => setKey(keys, server.url)),
    command("sfm2.check", () => connection.restart()),
    command("sfm2.showSources", () => showSources(server.sources)),
    command("sfm2.showLog", () => log.show()),
  );
  show();
  void connection.check();
}

function switches(document: vscode.TextDocument | undefined): Pick<Situation, "automatic" | "languageOff"> {
  const { enabled, languageOff } = settingsFor(document);
  return { automatic: enabled, languageOff: languageOff ? document?.languageId : undefined };
}

function isWell(state: State): boolean {
  return state.kind === "ready" || state.kind === "degraded";
}
