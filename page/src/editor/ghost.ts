// Ghost text: the suggestion after the cursor.
import { type EditorState, type Extension, Facet, StateEffect, StateField, type Transaction } from "@codemirror/state";
import { Decoration, EditorView, WidgetType } from "@codemirror/view";
import type { CompletionRequest, Suggester, Suggestion } from "sfm2-editor-core";
import { type Stretch, stretches } from "./tokens.ts";

/** What an editor brings along. */
export interface Source {
  suggester: Suggester;
  /** The request for the cursor's place. */
  request: (state: EditorState) => CompletionRequest;
}

export interface Ghost extends Suggestion {
  stretches: Stretch[];
}

export const source = Facet.define<Source, Source | null>({ combine: ([first]) => first ?? null });

/** Show what is known for the cursor's place, or, with false, nothing. */
export const show = StateEffect.define<boolean>();

export const ghostField = StateField.define<Ghost | null>({
  create: () => null,
  update(ghost, transaction) {
    const shown = asked(transaction);
    if (shown !== null) return shown ? recall(transaction.state) : null;
    if (transaction.docChanged) return recall(transaction.state);
    return transaction.selection ? null : ghost;
  },
  provide: (field) =>
    EditorView.decorations.compute([field], (state) => {
      const ghost = state.field(field);
      if (!ghost) return Decoration.none;
      const widget = new GhostWidget(ghost.stretches);
      return Decoration.set(Decoration.widget({ widget, side: 1 }).range(state.selection.main.head));
    }),
});

export function ghostText(brought: Source): Extension {
  return [source.of(brought), ghostField];
}

function asked(transaction: Transaction): boolean | null {
  let found: boolean | null = null;
  for (const effect of transaction.effects) if (effect.is(show)) found = effect.value;
  return found;
}

/** Shows it, and as many of its lines as there is room for. */
export function reveal(view: EditorView): void {
  view.dispatch({ effects: show.of(true) });
  const ghost = view.state.field(ghostField);
  if (!ghost) return;
  const lines = ghost.text.trimEnd().split("\n").length;
  const yMargin = Math.min((lines + 1) * view.defaultLineHeight, view.scrollDOM.clientHeight / 2);
  const { head } = view.state.selection.main;
  view.dispatch({ effects: EditorView.scrollIntoView(head, { y: "nearest", yMargin }) });
}

function recall(state: EditorState): Ghost | null {
  const brought = state.facet(source);
  if (!brought || !state.selection.main.empty) return null;
  const found = brought.suggester.recall(brought.request(state));
  return found ? { ...found, stretches: stretches(found) } : null;
}

class GhostWidget extends WidgetType {
  readonly stretches: Stretch[];

  constructor(shown: Stretch[]) {
    super();
    this.stretches = shown;
  }

  override eq(other: GhostWidget): boolean {
    return (
      this.stretches.length === other.stretches.length &&
      this.stretches.every((one, i) => one.text === other.stretches[i]?.text && one.doubt === other.stretches[i]?.doubt)
    );
  }

  override toDOM(): HTMLElement {
    const element = document.createElement("span");
    element.className = "cm-ghost";
    element.ariaHidden = "true"; // the live region announces it, once
    for (const { text, doubt, title } of this.stretches) {
      const part = document.createElement("span");
      part.className = `cm-doubt-${doubt}`;
      part.title = title;
      part.textContent = text;
      element.append(part);
    }
    return element;
  }

  override ignoreEvent(): boolean {
    return false;
  }
}
