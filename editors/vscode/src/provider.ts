/** Ghost text: asks the core for a suggestion and puts it where it belongs. */
import { SFM2Error } from "sfm2-client";
import {
  type CompletionRequest,
  type Connection,
  type How,
  isExcluded,
  mayAsk,
  modeAt,
  Pace,
  type Received,
  type Suggester,
  type Suggestion,
} from "sfm2-editor-core";
import * as vscode from "vscode";
import type { Alternatives } from "./alternatives";
import type { EditorContext } from "./context";
import { placeAt, SCHEMES } from "./documents";
import { type Settings, settingsFor } from "./settings";
import type { Verdicts } from "./verdicts";

export const ACCEPTED = "sfm2.accepted";

/** Seconds of writing: ghost text that comes later is of no use. */
const WRITING = 2;

/** What VS Code was given last, and where. */
interface Shown {
  readonly received: Received;
  /** Of its text by then. */
  readonly length: number;
  readonly document: vscode.TextDocument;
  readonly version: number;
  readonly position: vscode.Position;
  /** Whether it was asked for, rather than offered. */
  readonly explicit: boolean;
}

export class Provider implements vscode.InlineCompletionItemProvider, vscode.Disposable {
  readonly #pace = new Pace();
  readonly #listening: vscode.Disposable;
  /** The version of each document after a deletion or an undo: what was just removed is not suggested again. */
  readonly #takenBack = new WeakMap<vscode.TextDocument, number>();
  #shown: Shown | undefined;
  /** Whether VS Code asks because we told it that there is more. */
  #more = false;

  constructor(
    private readonly suggester: Suggester,
    private readonly connection: Connection,
    private readonly verdicts: Verdicts,
    private readonly alternatives: Alternatives,
    private readonly around: EditorContext,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.#listening = vscode.workspace.onDidChangeTextDocument((event) => this.#edited(event));
  }

  async provideInlineCompletionItems(
    document: vscode.TextDocument,
    position: vscode.Position,
    context: vscode.InlineCompletionContext,
    token: vscode.CancellationToken,
  ): Promise<vscode.InlineCompletionItem[]> {
    const settings = settingsFor(document);
    const explicit = context.triggerKind === vscode.InlineCompletionTriggerKind.Invoke;
    const invoked = explicit && !this.#more;
    this.#more = false;
    const why = silence(document, position, settings, invoked);
    if (why) {
      this.log.debug(`nothing asked: ${why}`);
      return [];
    }
    const version = document.version;
    const request = requestAt(document, position, settings, this.around);
    const suggestion = await this.#suggest(request, this.#how(document, settings, invoked), token);
    if (!suggestion || token.isCancellationRequested || document.version !== version) return [];
    const { received } = suggestion;
    this.#shown = { received, length: received.text.length, document, version, position, explicit };
    const others = this.alternatives.at(document, position).map((text) => new vscode.InlineCompletionItem(text));
    return [itemOf(suggestion, position, this.verdicts.shown(suggestion, document, position)), ...others];
  }

  /** When all of what is shown has come, VS Code asks again, and the core has it. */
  async grew(received: Received): Promise<void> {
    this.verdicts.grew(received);
    const shown = this.#shown;
    if (received.growing || shown?.received !== received) return;
    if (received.text.length === shown.length || !isThere(shown)) return;
    // VS Code asks once explicitly for a place, and then no more until it is hidden.
    if (shown.explicit) await vscode.commands.executeCommand("editor.action.inlineSuggest.hide");
    this.#more = true;
    await vscode.commands.executeCommand("editor.action.inlineSuggest.trigger");
  }

  dispose(): void {
    this.suggester.stop();
    this.#listening.dispose();
  }

  #how(document: vscode.TextDocument, settings: Settings, invoked: boolean): How {
    const takenBack = this.#takenBack.get(document) === document.version;
    return {
      invoked,
      mayAsk: () => this.#reachable() && (invoked || !takenBack),
      delay: settings.delay ?? this.#pace.delay(),
      minConfidence: settings.minConfidence,
    };
  }

  #reachable(): boolean {
    const reachable = mayAsk(this.connection.state);
    if (!reachable) this.connection.nudge();
    return reachable;
  }

  async #suggest(
    request: CompletionRequest,
    how: How,
    token: vscode.CancellationToken,
  ): Promise<Suggestion | undefined> {
    const cancel = new AbortController();
    const listening = token.onCancellationRequested(() => cancel.abort());
    try {
      return await this.suggester.suggest(request, how, cancel.signal);
    } catch (error) {
      if (error instanceof SFM2Error) this.connection.failed(error);
      else this.log.error(error instanceof Error ? error : String(error));
      return undefined;
    } finally {
      listening.dispose();
    }
  }

  #edited({ document, contentChanges, reason }: vscode.TextDocumentChangeEvent): void {
    if (contentChanges.length === 0 || !SCHEMES.includes(document.uri.scheme)) return;
    this.#pace.key(Date.now());
    const undone = reason !== undefined;
    if (undone || contentChanges.every((change) => change.text === "")) this.#takenBack.set(document, document.version);
  }
}

/** Whether the cursor is where it was, in the same text. */
function isThere({ document, version, position }: Shown): boolean {
  const editor = vscode.window.activeTextEditor;
  return editor?.document === document && document.version === version && editor.selection.active.isEqual(position);
}

export function requestAt(
  document: vscode.TextDocument,
  position: vscode.Position,
  settings: Settings,
  around: EditorContext,
): CompletionRequest {
  const place = placeAt(document, position);
  const { maxLength, adapter } = settings;
  return {
    place,
    options: { mode: modeAt(place), maxLength, adapter: adapter || null, timeLimit: WRITING },
    ...(settings.context && { context: around.at(document, position, settings.exclude) }),
  };
}

/** Why nothing is to be suggested; undefined where there is no reason. */
function silence(
  document: vscode.TextDocument,
  position: vscode.Position,
  settings: Settings,
  invoked: boolean,
): string | undefined {
  if (!settings.enabled && !invoked) return "automatic suggestions are off";
  if (isExcluded(document.uri.path, settings.exclude)) return "sfm2.exclude names this file";
  const active = vscode.window.activeTextEditor;
  const editor = active?.document === document ? active : undefined;
  const [first, ...others] = editor?.selections ?? [];
  if (others.length > 0) return "there are several cursors";
  return first && !first.isEmpty && first.active.isEqual(position) ? "text is selected" : undefined;
}

/** While a list of completions is open, VS Code itself shows only an item that continues the selected one. */
function itemOf(suggestion: Suggestion, position: vscode.Position, key: string): vscode.InlineCompletionItem {
  const replaced = new vscode.Range(position, position.translate(0, suggestion.replaces));
  const accepted = { title: "Accepted", command: ACCEPTED, arguments: [key] };
  return new vscode.InlineCompletionItem(suggestion.text, replaced, accepted);
}
