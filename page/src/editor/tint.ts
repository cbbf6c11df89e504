// What was accepted keeps the tint of its tokens, until it is deleted.
import { StateEffect, StateField } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView } from "@codemirror/view";
import type { Stretch } from "./tokens.ts";

export const tint = StateEffect.define<{ from: number; stretches: Stretch[] }>({
  map: ({ from, stretches }, changes) => ({ from: changes.mapPos(from), stretches }),
});

export const tints = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(set, transaction) {
    let next = set.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (effect.is(tint)) next = next.update({ add: marks(effect.value.from, effect.value.stretches) });
    }
    return next;
  },
  provide: (field) => EditorView.decorations.from(field),
});

function marks(from: number, stretches: Stretch[]) {
  let at = from;
  return stretches.map(({ text, doubt, title }) => {
    const mark = Decoration.mark({ class: `cm-doubt-${doubt}`, attributes: { title } }).range(at, at + text.length);
    at += text.length;
    return mark;
  });
}
