/** Reports to the server what became of its suggestions, unless that is switched off. */
import * as vscode from "vscode";
import { type Outcome, Outcomes, type Verdict } from "./pure/outcomes";
import { settingsFor } from "./settings";

export type Send = (id: string, outcome: Outcome) => Promise<void>;

export class Verdicts implements vscode.Disposable {
  readonly #outcomes = new Outcomes();
  readonly #listening: vscode.Disposable;
  readonly #send: Send;

  constructor(
    send: Send,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.#send = send;
    this.#listening = vscode.Disposable.from(
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        const edits = contentChanges.map((one) => ({
          offset: one.rangeOffset,
          length: one.rangeLength,
          text: one.text,
        }));
        this.#report(this.#outcomes.edited(document.uri.toString(), edits));
      }),
      vscode.workspace.onDidCloseTextDocument((document) =>
        this.#report(this.#outcomes.closed(document.uri.toString())),
      ),
      vscode.window.onDidChangeActiveTextEditor(() => this.#report(this.#outcomes.left())),
      vscode.window.onDidChangeTextEditorSelection(({ kind }) => {
        if (kind === vscode.TextEditorSelectionChangeKind.Mouse) this.#report(this.#outcomes.left());
      }),
    );
  }

  shown(id: string, document: vscode.TextDocument, start: vscode.Position, text: string): void {
    this.#report(this.#outcomes.shown(id, document.uri.toString(), document.offsetAt(start), text));
  }

  accepted(id: string): void {
    this.#report(this.#outcomes.accepted(id));
  }

  dispose(): void {
    this.#listening.dispose();
  }

  #report(verdicts: readonly Verdict[]): void {
    if (verdicts.length === 0 || !settingsFor().feedback) return;
    for (const { id, outcome } of verdicts) {
      this.log.debug(`suggestion ${id}: ${outcome}`);
      this.#send(id, outcome).catch((error: unknown) => this.log.debug(`feedback was not accepted: ${error}`));
    }
  }
}
