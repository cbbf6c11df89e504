import { Annotation } from "@codemirror/state";
import type { EditorView } from "@codemirror/view";
import { type Ghost, ghostField, show, source } from "./ghost.ts";
import { tint } from "./tint.ts";
import { beginning } from "./tokens.ts";
import { firstWord } from "./word.ts";

/** Marks the transaction that accepts a suggestion, or a part of it. */
export const taken = Annotation.define<Ghost>();

/** Whole suggestion. False: there is none. */
export function acceptAll(view: EditorView): boolean {
  return accept(view, (text) => text);
}

export function acceptWord(view: EditorView): boolean {
  return accept(view, firstWord);
}

/** It does not come back, here or along its text, unless the user asks. */
export function dismiss(view: EditorView): boolean {
  const ghost = view.state.field(ghostField);
  if (!ghost) return false;
  view.state.facet(source)?.suggester.dismiss(ghost);
  view.dispatch({ effects: show.of(false) });
  return true;
}

function accept(view: EditorView, part: (text: string) => string): boolean {
  const ghost = view.state.field(ghostField);
  if (!ghost) return false;
  const text = part(ghost.text);
  const { head } = view.state.selection.main;
  const replaces = text === ghost.text ? ghost.replaces : 0;
  view.dispatch({
    changes: { from: head, to: head + replaces, insert: text },
    selection: { anchor: head + text.length },
    effects: tint.of({ from: head, stretches: beginning(ghost.stretches, text.length) }),
    annotations: taken.of(ghost),
    userEvent: "input.complete",
    scrollIntoView: true,
  });
  return true;
}
