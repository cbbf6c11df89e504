/** Reports to the server what became of its suggestions, unless that is switched off. */
import type { Received, Suggestion } from "sfm2-editor-core";
import * as vscode from "vscode";
import { type Outcome, Outcomes, type Verdict } from "./pure/outcomes";
import { settingsFor } from "./settings";

export type Send = (id: string, outcome: Outcome) => Promise<void>;

/** How many suggestions are known by their keys. */
const KNOWN = 100;

export class Verdicts implements vscode.Disposable {
  readonly #outcomes = new Outcomes();
  /** By keys of our own: the server's ids come with the whole. */
  readonly #received = new Map<string, Received>();
  /** How much of the one that was shown last was there. */
  #length = 0;
  #last = 0;
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

  /** A suggestion can be seen. Returns what `accepted` knows it by. */
  shown({ received, text }: Suggestion, document: vscode.TextDocument, start: vscode.Position): string {
    const key = this.#keyOf(received);
    this.#length = received.text.length;
    const offset = document.offsetAt(start);
    this.#report(this.#outcomes.shown(key, document.uri.toString(), offset, text, received.growing));
    return key;
  }

  /** A suggestion has grown, or become whole. */
  grew(received: Received): void {
    if (received.growing || received.text.length > this.#length) return;
    this.#report(this.#outcomes.ended(this.#keyOf(received)));
  }

  accepted(key: string): void {
    this.#report(this.#outcomes.accepted(key));
  }

  dispose(): void {
    this.#listening.dispose();
  }

  #report(verdicts: readonly Verdict[]): void {
    if (verdicts.length === 0 || !settingsFor().feedback) return;
    for (const { id: key, outcome } of verdicts) void this.#tell(this.#received.get(key), outcome);
  }

  /** The server knows a completion only when it is whole. */
  async #tell(received: Received | undefined, outcome: Outcome): Promise<void> {
    const completion = await received?.whole();
    if (!completion) return;
    this.log.debug(`suggestion ${completion.id}: ${outcome}`);
    await this.#send(completion.id, outcome).catch((error: unknown) =>
      this.log.debug(`feedback was not accepted: ${error}`),
    );
  }

  #keyOf(received: Received): string {
    for (const [key, one] of this.#received) if (one === received) return key;
    const key = `${++this.#last}`;
    this.#received.set(key, received);
    const [oldest] = this.#received.keys();
    if (this.#received.size > KNOWN && oldest !== undefined) this.#received.delete(oldest);
    return key;
  }
}
