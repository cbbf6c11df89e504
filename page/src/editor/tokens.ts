import type { TokenLogprob } from "../api/wire.ts";

/** A stretch of text with one degree of doubt: 0 is none, 3 the most; "closed" is what the guard wrote. */
export interface Stretch {
  text: string;
  doubt: 0 | 1 | 2 | 3 | "closed";
  title: string;
}

const BOUNDS = [0.9, 0.6, 0.3] as const;

/** The tokens of a completion behind its first `typed` characters. Without tokens all of it has the same degree. */
export function stretches(
  text: string,
  tokens: readonly TokenLogprob[] | null | undefined,
  confidence: number,
  typed: number,
): Stretch[] {
  if (!tokens || tokens.map((token) => token.text).join("") !== text) {
    const rest = text.slice(typed);
    return rest ? [{ text: rest, doubt: doubtOf(confidence), title: `as a whole ${confidence.toFixed(2)}` }] : [];
  }
  const found: Stretch[] = [];
  let skip = typed;
  for (const token of tokens) {
    const rest = token.text.slice(skip);
    skip = Math.max(0, skip - token.text.length);
    if (rest) found.push(stretch(rest, token.logprob));
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
