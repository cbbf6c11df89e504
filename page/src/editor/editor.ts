import {
  defaultKeymap,
  history,
  historyKeymap,
  indentLess,
  indentMore,
  isolateHistory,
  undo,
} from "@codemirror/commands";
import { bracketMatching, indentOnInput, indentUnit } from "@codemirror/language";
import { Compartment, EditorState, Prec, type Text } from "@codemirror/state";
import {
  EditorView,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
  placeholder,
  type ViewUpdate,
} from "@codemirror/view";
import type { CompleteOptions, Completion, Language } from "sfm2-client";
import { type CompletionRequest, LANGUAGES, type Received, type Suggester } from "sfm2-editor-core";
import type { Passage } from "../write/explanation.ts";
import { acceptAll, acceptWord, dismiss, taken } from "./accept.ts";
import { type Asking, asker } from "./asker.ts";
import { type Ghost, ghostField, ghostText, reveal, show } from "./ghost.ts";
import { grammarOf } from "./grammars.ts";
import { look } from "./look.ts";
import { requestAt } from "./request.ts";
import { tints } from "./tint.ts";

export interface EditorOptions extends Asking {
  /** What it is drawn in; gets a shadow root. */
  host: HTMLElement;
  text: string;
  suggester: Suggester;
  /** What the controls say. */
  settings: () => CompleteOptions;
  suggestion: (ghost: Ghost | null) => void;
  accepted: (ghost: Ghost) => void;
  dismissed: (ghost: Ghost) => void;
  /** The one after it is wanted, or with -1 the one before. */
  another: (by: 1 | -1) => void;
  changed: (text: Text, how: { inserted: number; taken: boolean }) => void;
}

/** The page's editor: CodeMirror with ghost text. */
export class Editor {
  readonly view: EditorView;
  #language = new Compartment();
  #tinted = new Compartment();
  #wanted: Language | null = null;
  #asker: ReturnType<typeof asker>["plugin"];
  #options: EditorOptions;

  constructor(options: EditorOptions) {
    const root = options.host.attachShadow({ mode: "open" });
    const { plugin, extension } = asker(options);
    this.#asker = plugin;
    this.#options = options;
    this.view = new EditorView({
      root,
      parent: root,
      state: EditorState.create({
        doc: options.text,
        extensions: [
          Prec.highest(keymap.of(this.#keys())),
          lineNumbers(),
          highlightActiveLineGutter(),
          history(),
          indentOnInput(),
          bracketMatching(),
          indentUnit.of("    "),
          EditorState.tabSize.of(4),
          EditorView.lineWrapping,
          keymap.of([...defaultKeymap, ...historyKeymap, { key: "Tab", run: indent, shift: indentLess }]),
          placeholder("Write or paste code, or try an example"),
          EditorView.contentAttributes.of({ "aria-label": "Code", "aria-describedby": "keys" }),
          ghostText({
            suggester: options.suggester,
            request: (state) => requestAt(state, options.settings()),
          }),
          extension,
          tints,
          look,
          this.#language.of([]),
          this.#tinted.of([]),
          reporting(options),
        ],
      }),
    });
  }

  get text(): Text {
    return this.view.state.doc;
  }

  get ghost(): Ghost | null {
    return this.view.state.field(ghostField);
  }

  /** The request for the cursor's place. */
  request(): CompletionRequest {
    return requestAt(this.view.state, this.#options.settings());
  }

  /** What is selected, else all of the text. */
  passage(): Passage {
    const { doc, selection } = this.view.state;
    const { from, to, empty } = selection.main;
    if (empty) return { text: doc.toString(), lines: null };
    return { text: doc.sliceString(from, to), lines: { first: doc.lineAt(from).number, last: doc.lineAt(to).number } };
  }

  /** null: unknown. */
  async setLanguage(language: Language | null): Promise<void> {
    this.#wanted = language;
    const support = await grammarOf(language);
    if (this.#wanted !== language) return; // another one came while the grammar did
    const { indentation } = LANGUAGES[language ?? "text"];
    this.view.dispatch({ effects: this.#language.reconfigure([Prec.high(indentUnit.of(indentation)), support]) });
  }

  setTinted(tinted: boolean): void {
    const untinted = EditorView.editorAttributes.of({ class: "untinted" });
    this.view.dispatch({ effects: this.#tinted.reconfigure(tinted ? [] : untinted) });
  }

  ask(): void {
    void this.view.plugin(this.#asker)?.now();
  }

  accept(): void {
    acceptAll(this.view);
    this.view.focus();
  }

  acceptWord(): void {
    acceptWord(this.view);
    this.view.focus();
  }

  /** Ends a running request too. False when nothing was shown: Escape then lets the next Tab leave the editor. */
  dismiss(): boolean {
    const ghost = this.view.state.field(ghostField);
    if (ghost) this.#options.dismissed(ghost);
    this.view.plugin(this.#asker)?.cancel();
    return dismiss(this.view);
  }

  /** A suggestion under other settings no longer holds. */
  settingsChanged(): void {
    this.view.dispatch({ effects: show.of(false) });
  }

  /** There is more of a completion. */
  grew(received: Received): void {
    const known = this.#options.suggester.recall(this.request());
    if (known?.received === received) reveal(this.view);
  }

  /** Shows this completion at the cursor, in place of the one that is there. */
  offer(completion: Completion, seconds: number): void {
    this.#options.suggester.offer(this.request(), completion, seconds);
    reveal(this.view);
  }

  /** Other text, with the cursor between its halves. Undoing brings the old text back. */
  replace(prefix: string, suffix: string): void {
    const { doc } = this.view.state;
    this.view.dispatch({
      changes: { from: 0, to: doc.length, insert: prefix + suffix },
      selection: { anchor: prefix.length },
      annotations: isolateHistory.of("full"),
    });
    this.view.focus();
  }

  undo(): void {
    undo(this.view);
    this.view.focus();
  }

  #keys() {
    const ask = () => {
      this.ask();
      return true;
    };
    const another = (by: 1 | -1) => {
      this.#options.another(by);
      return true;
    };
    return [
      { key: "Tab", run: acceptAll },
      { key: "Ctrl-ArrowRight", run: acceptWord },
      { key: "Alt-ArrowRight", run: acceptWord },
      { key: "Alt-]", run: () => another(1) },
      { key: "Alt-[", run: () => another(-1) },
      { key: "Escape", run: () => this.dismiss() },
      { key: "Ctrl-Space", run: ask },
      { key: "Alt-\\", run: ask },
    ];
  }
}

function indent(view: EditorView): boolean {
  const { state } = view;
  if (state.selection.ranges.some((range) => !range.empty)) return indentMore(view);
  view.dispatch(state.update(state.replaceSelection(state.facet(indentUnit)), { userEvent: "input.indent" }));
  return true;
}

function reporting(options: EditorOptions) {
  return EditorView.updateListener.of((update) => {
    const before = update.startState.field(ghostField);
    const now = update.state.field(ghostField);
    if (now !== before) options.suggestion(now);
    for (const transaction of update.transactions) {
      const ghost = transaction.annotation(taken);
      if (ghost) options.accepted(ghost);
    }
    if (update.docChanged) options.changed(update.state.doc, change(update));
  });
}

function change(update: ViewUpdate): { inserted: number; taken: boolean } {
  let inserted = 0;
  update.changes.iterChanges((_from, _to, _fromNow, _toNow, text) => {
    inserted += text.length;
  });
  return { inserted, taken: update.transactions.some((one) => one.annotation(taken) !== undefined) };
}
