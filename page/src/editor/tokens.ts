import type { Suggestion } from "sfm2-editor-core";

/** A stretch of text with one degree of doubt: 0 is none, 3 the most; "closed" is what the guard wrote. */
export interface Stretch {
  text: string;
  doubt: 0 | 1 | 2 | 3 | "closed";
  title: string;
}

const BOUNDS = [0.9, 0.6, 0.3] as const;

/** The text of a suggestion by its tokens. Without tokens all of it has the same degree. */
export function stretches({ received, typed, text }: Pick<Suggestion, "received" | "typed" | "text">): Stretch[] {
  const { tokens, confidence } = received;
  if (!tokens || tokens.map((token) => token.text).join("") !== received.text) {
    if (!text) return [];
    // Of what is still being written nobody may know.
    if (confidence === undefined) return [{ text, doubt: 0, title: "" }];
    return [{ text, doubt: doubtOf(confidence), title: `as a whole ${confidence.toFixed(2)}` }];
  }
  const found: Stretch[] = [];
  let skip = typed;
  for (const token of tokens) {
    const rest = token.text.slice(skip);
    skip = Math.max(0, skip - token.text.length);
    if (rest) found.push(stretch(rest, token.logprob));
  }
  return beginning(found, text.length);
}

/** The stretches of the first `length` characters. */
export function beginning(all: readonly Stretch[], length: number): Stretch[] {
  const found: Stretch[] = [];
  let left = length;
  for (const one of all) {
    if (left <= 0) break;
    found.push({ ...one, text: one.text.slice(0, left) });
    left -= one.text.length;
  }
  return found;
}

function stretch(text: string, logprob: number | null): Stretch {
  if (logprob === null) return { text, doubt: "closed", title: "closed by the guard" };
  const probability = Math.exp(logprob);
  return { text, doubt: doubtOf(probability), title: probability.toFixed(2) };
}

function doubtOf(probability: number): 0 | 1 | 2 | 3 {
  const degree = BOUNDS.findIndex((bound) => probability >= bound);
  return (degree < 0 ? BOUNDS.length : degree) as 0 | 1 | 2 | 3;
}
