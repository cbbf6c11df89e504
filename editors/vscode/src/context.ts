/** What only the editor knows, for the model: unsaved and recent edits, open tabs, and definitions by its language services. */
import {
  contextOf,
  type Excerpt,
  type FoundDefinition,
  HELD,
  Held,
  type OpenFile,
  RecentEdits,
  regionOf,
} from "sfm2-editor-core";
import * as vscode from "vscode";
import { definitionsNear } from "./definitions";
import { FILES, linesOfText, nameOfFile } from "./documents";
import { isLocal } from "./pure/address";

/** Lines around the cursor that open files are compared with. */
const NEAR = 10;
/** Milliseconds after which a language service that has not answered is asked again. */
const PATIENCE = 60_000;

interface Lookup {
  /** Where; undefined once nobody is there any more. */
  region: string | undefined;
  readonly since: number;
  running: boolean;
  found: readonly FoundDefinition[];
}

export class EditorContext implements vscode.Disposable {
  readonly #edits = new RecentEdits();
  readonly #held = new Held<readonly Excerpt[]>();
  readonly #listening: vscode.Disposable;
  #lookup: Lookup | undefined;

  constructor(
    private readonly server: { readonly url: string },
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.#listening = vscode.Disposable.from(
      vscode.workspace.onDidChangeTextDocument((event) => this.#edited(event)),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.#edits.forget(uri.path)),
      vscode.window.onDidChangeActiveTextEditor(() => this.#left()),
    );
  }

  /**
   * What goes with a request for a place, to be asked for when it is sent.
   *
   * Definitions are looked up from now on. Nobody waits for them: those that are not there by then come with a later request.
   */
  at(document: vscode.TextDocument, position: vscode.Position, exclude: readonly string[]): () => readonly Excerpt[] {
    const region = `${document.uri.path}\n${regionOf(linesOfText(document), position.line)}`;
    this.#lookUp(region, document, position);
    return () => {
      const lookup = this.#lookup?.region === region ? this.#lookup : undefined;
      return this.#held.of(region, lookup?.running === false, () =>
        contextOf({
          file: document.uri.path,
          near: textAround(document, position),
          open: this.#open(),
          definitions: lookup?.found ?? [],
          sameMachine: isLocal(this.server.url),
          exclude,
          now: Date.now(),
        }),
      );
    };
  }

  /** Another server: what it is sent may be something else. */
  forget(): void {
    this.#left();
  }

  dispose(): void {
    this.#listening.dispose();
  }

  /** One at a time: a language service that is slow already is not asked for more. */
  #lookUp(region: string, document: vscode.TextDocument, position: vscode.Position): void {
    const last = this.#lookup;
    const age = last ? Date.now() - last.since : 0;
    if (last?.running && age < PATIENCE) return;
    const known = last?.region === region ? last : undefined;
    if (known && (age < HELD || !this.#held.isDue(region))) return;
    const lookup: Lookup = { region, since: Date.now(), running: true, found: known?.found ?? [] };
    this.#lookup = lookup;
    void definitionsNear(document, position)
      .then(
        (found) => {
          lookup.found = found;
        },
        (error: unknown) => this.log.debug(`definitions were not found: ${error}`),
      )
      .finally(() => {
        lookup.running = false;
      });
  }

  #left(): void {
    this.#held.leave();
    if (this.#lookup) this.#lookup.region = undefined;
  }

  #edited({ document, contentChanges }: vscode.TextDocumentChangeEvent): void {
    if (contentChanges.length === 0 || !FILES.includes(document.uri.scheme)) return;
    const changes = contentChanges.map(({ range, text }) => ({
      first: range.start.line,
      last: range.end.line,
      added: text.split("\n").length - 1,
    }));
    this.#edits.edited(document.uri.path, changes, Date.now());
  }

  /** Documents in a tab, or changed without one. */
  #open(): OpenFile[] {
    const tabs = new Set(vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs).map(pathOfTab));
    const views = new Map(
      vscode.window.visibleTextEditors.map(({ document, visibleRanges: [range] }) => [document.uri.path, range]),
    );
    return vscode.workspace.textDocuments
      .filter(
        ({ uri, isDirty, isClosed }) => !isClosed && FILES.includes(uri.scheme) && (isDirty || tabs.has(uri.path)),
      )
      .map((document) => {
        const { path } = document.uri;
        const view = views.get(path);
        return {
          path: nameOfFile(document.uri).path,
          file: path,
          lines: linesOfText(document),
          unsaved: document.isDirty,
          edits: this.#edits.of(path),
          inView: view && { first: view.start.line, last: view.end.line },
        };
      });
  }
}

function pathOfTab({ input }: vscode.Tab): string | undefined {
  if (input instanceof vscode.TabInputText) return input.uri.path;
  return input instanceof vscode.TabInputTextDiff ? input.modified.path : undefined;
}

function textAround(document: vscode.TextDocument, position: vscode.Position): string {
  return document.getText(new vscode.Range(Math.max(0, position.line - NEAR), 0, position.line + NEAR, 0));
}
