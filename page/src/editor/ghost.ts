// Ghost text: the suggestion behind the cursor, from the memory of answers.
import { type EditorState, type Extension, Facet, StateEffect, StateField, type Transaction } from "@codemirror/state";
import { Decoration, EditorView, WidgetType } from "@codemirror/view";
import { type Answer, Memory, type Question } from "./memory.ts";
import { questionAt } from "./question.ts";
import { type Stretch, stretches } from "./tokens.ts";

/** What an editor brings along. */
export interface Source {
  memory: Memory;
  /** Everything but the text that changes an answer, as one string. */
  settings: () => string;
}

export interface Ghost {
  answer: Answer;
  /** What is left of it to take. */
  rest: string;
  stretches: Stretch[];
}

const NONE: Source = { memory: new Memory(0), settings: () => "" };

export const source = Facet.define<Source, Source>({ combine: ([first]) => first ?? NONE });

/** Show what the memory holds for the cursor's place, or, with false, nothing. */
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

/** Where the cursor stands, as a question. */
export function question(state: EditorState): Question {
  return questionAt(state, state.facet(source).settings());
}

function asked(transaction: Transaction): boolean | null {
  let found: boolean | null = null;
  for (const effect of transaction.effects) if (effect.is(show)) found = effect.value;
  return found;
}

function recall(state: EditorState): Ghost | null {
  if (!state.selection.main.empty) return null;
  const recalled = state.facet(source).memory.find(question(state));
  if (!recalled || recalled.answer.dismissed) return null;
  const { completion, logprobs, confidence } = recalled.answer.completion;
  const rest = completion.slice(recalled.typed);
  if (!rest) return null;
  return { answer: recalled.answer, rest, stretches: stretches(completion, logprobs, confidence, recalled.typed) };
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
    element.ariaHidden = "true"; // it is told by the live region, once
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
