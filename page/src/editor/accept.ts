import { Annotation } from "@codemirror/state";
import type { EditorView } from "@codemirror/view";
import { type Ghost, ghostField, show } from "./ghost.ts";
import { tint } from "./tint.ts";
import type { Stretch } from "./tokens.ts";
import { firstWord } from "./word.ts";

/** Marks the transaction that takes a suggestion, or a part of it. */
export const taken = Annotation.define<Ghost>();

/** Whole suggestion. False: there is none. */
export function acceptAll(view: EditorView): boolean {
  return accept(view, (rest) => rest);
}

export function acceptWord(view: EditorView): boolean {
  return accept(view, firstWord);
}

/** It does not come back at this place unless asked for. */
export function dismiss(view: EditorView): boolean {
  const ghost = view.state.field(ghostField);
  if (!ghost) return false;
  ghost.answer.dismissed = true;
  view.dispatch({ effects: show.of(false) });
  return true;
}

function accept(view: EditorView, part: (rest: string) => string): boolean {
  const ghost = view.state.field(ghostField);
  if (!ghost) return false;
  const text = part(ghost.rest);
  const { head } = view.state.selection.main;
  view.dispatch({
    changes: { from: head, insert: text },
    selection: { anchor: head + text.length },
    effects: tint.of({ from: head, stretches: beginning(ghost.stretches, text.length) }),
    annotations: taken.of(ghost),
    userEvent: "input.complete",
    scrollIntoView: true,
  });
  return true;
}

/** The stretches of the first `length` characters. */
function beginning(stretches: Stretch[], length: number): Stretch[] {
  const found: Stretch[] = [];
  let left = length;
  for (const one of stretches) {
    if (left <= 0) break;
    found.push({ ...one, text: one.text.slice(0, left) });
    left -= one.text.length;
  }
  return found;
}
