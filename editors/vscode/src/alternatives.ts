/** Other suggestions for a place: asked for when somebody wants to see them, and shown by VS Code's own commands. */
import type { CompletionRequest, Suggester } from "sfm2-editor-core";
import * as vscode from "vscode";
import { asked } from "./commands/asked";
import { othersThan } from "./pure/choices";
import type { Server } from "./server";

/** How many are asked for, and how freely they are drawn: at temperature 0 all would be the one that is shown. */
const CHOICES = 3;
const TEMPERATURE = 0.7;

interface Found {
  readonly document: vscode.TextDocument;
  readonly version: number;
  readonly position: vscode.Position;
  readonly texts: readonly string[];
}

export class Alternatives {
  #found: Found | undefined;

  constructor(
    private readonly server: Server,
    private readonly suggester: Suggester,
    private readonly requestAt: (document: vscode.TextDocument, position: vscode.Position) => CompletionRequest,
  ) {}

  /** Those that are known for this place. */
  at(document: vscode.TextDocument, position: vscode.Position): readonly string[] {
    const found = this.#found;
    const holds = found?.document === document && found.version === document.version;
    return holds && found.position.isEqual(position) ? found.texts : [];
  }

  /** Asks for them the first time, then goes on to the next or previous suggestion. */
  async show(which: "next" | "previous"): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    if (editor && this.#isNewAt(editor)) await this.#ask(editor);
    await vscode.commands.executeCommand(`editor.action.inlineSuggest.show${which === "next" ? "Next" : "Previous"}`);
  }

  /** Whether the suggestion is ours, and nobody has asked for others of it. */
  #isNewAt({ document, selection }: vscode.TextEditor): boolean {
    const found = this.#found;
    const known = found?.document === document && found.version === document.version;
    if (known && found.position.isEqual(selection.active)) return false;
    return this.suggester.recall(this.requestAt(document, selection.active)) !== undefined;
  }

  async #ask({ document, selection }: vscode.TextEditor): Promise<void> {
    const position = selection.active;
    const version = document.version;
    const request = this.requestAt(document, position);
    const shown = this.suggester.recall(request);
    const { timeLimit: _, ...options } = request.options;
    const drawn = { ...request, options: { ...options, n: CHOICES, temperature: TEMPERATURE } };
    const answer = await asked("Looking for other suggestions…", (signal) => this.server.complete(drawn, signal));
    if (!answer || !shown || document.version !== version) return;
    const texts = othersThan(shown.text, answer);
    this.#found = { document, version, position, texts };
    if (texts.length === 0) {
      vscode.window.setStatusBarMessage("SFM-2: it has no other suggestion here", 3_000);
      return;
    }
    // VS Code keeps what it was given for a place until it is hidden.
    await vscode.commands.executeCommand("editor.action.inlineSuggest.hide");
    await vscode.commands.executeCommand("editor.action.inlineSuggest.trigger");
  }
}
