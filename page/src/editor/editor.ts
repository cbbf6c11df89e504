import { defaultKeymap, history, historyKeymap, indentLess, indentMore } from "@codemirror/commands";
import { bracketMatching, indentOnInput, indentUnit } from "@codemirror/language";
import { Compartment, EditorState, Prec, type Text } from "@codemirror/state";
import { EditorView, highlightActiveLineGutter, keymap, lineNumbers, placeholder } from "@codemirror/view";
import type { CompleteOptions, Language } from "sfm2-client";
import { LANGUAGES, type Suggester } from "sfm2-editor-core";
import { acceptAll, acceptWord, dismiss, taken } from "./accept.ts";
import { type Asking, asker } from "./asker.ts";
import { type Ghost, ghostField, ghostText, show } from "./ghost.ts";
import { GRAMMARS } from "./grammars.ts";
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
  changed: (text: Text) => void;
}

/** The page's editor: CodeMirror with ghost text. */
export class Editor {
  readonly view: EditorView;
  #language = new Compartment();
  #tinted = new Compartment();
  #asker: ReturnType<typeof asker>["plugin"];
  #dismissed: (ghost: Ghost) => void;

  constructor(options: EditorOptions) {
    const root = options.host.attachShadow({ mode: "open" });
    const { plugin, extension } = asker(options);
    this.#asker = plugin;
    this.#dismissed = options.dismissed;
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
          placeholder("Begin with some code, such as  def is_prime(n):"),
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

  async setLanguage(language: Language): Promise<void> {
    // The grammar may be gone after an upgrade of the server: then the code is shown without colours.
    const support = await GRAMMARS[language]().catch(() => []);
    const { indentation } = LANGUAGES[language];
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
    if (ghost) this.#dismissed(ghost);
    this.view.plugin(this.#asker)?.cancel();
    return dismiss(this.view);
  }

  /** A suggestion under other settings no longer holds. */
  settingsChanged(): void {
    this.view.dispatch({ effects: show.of(false) });
  }

  replace(text: string): void {
    const { doc } = this.view.state;
    this.view.dispatch({ changes: { from: 0, to: doc.length, insert: text }, selection: { anchor: text.length } });
    this.view.focus();
  }

  #keys() {
    const ask = () => {
      this.ask();
      return true;
    };
    return [
      { key: "Tab", run: acceptAll },
      { key: "Ctrl-ArrowRight", run: acceptWord },
      { key: "Alt-ArrowRight", run: acceptWord },
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
    if (update.docChanged) options.changed(update.state.doc);
  });
}
