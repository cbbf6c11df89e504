import type { EditorState } from "@codemirror/state";
import type { Question } from "./memory.ts";

const BEFORE = 120_000; // characters; the server takes 200,000 in all
const AFTER = 40_000;
const STEP = 20_000; // what is left out grows in steps, so that the beginning stays the same while one types

/** The text around the cursor. Of a very long one what is near, from the beginning of a line. */
export function questionAt(state: EditorState, settings: string): Question {
  const { head } = state.selection.main;
  let from = 0;
  if (head > BEFORE) {
    const far = Math.ceil((head - BEFORE) / STEP) * STEP;
    from = state.doc.lineAt(far).to + 1;
    if (from > head) from = far;
  }
  const end = Math.min(state.doc.length, head + AFTER);
  return {
    prefix: state.sliceDoc(from, head).toWellFormed(),
    suffix: state.sliceDoc(head, end).toWellFormed(),
    settings,
  };
}
