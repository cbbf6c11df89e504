/** Which of several completions are worth showing beside the one that is shown. */
import type { Completion } from "sfm2-client";

/** In the order of the answer, without those that say the same but for the space at their end. */
export function othersThan(shown: string, answer: Completion): string[] {
  const known = new Set([shown.trimEnd()]);
  const texts = [answer.completion, ...answer.alternatives.map(({ completion }) => completion)];
  return texts.filter((text) => {
    const said = text.trimEnd();
    if (!said.trim() || known.has(said)) return false;
    known.add(said);
    return true;
  });
}
