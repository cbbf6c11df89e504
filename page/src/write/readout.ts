import type { Completion } from "sfm2-client";
import { make, part } from "../elements.ts";
import { answeredBy, confidenceSays, guardSays, sourcesSay, timeSays, tokensSay } from "./saying.ts";

/** What is known of the completion that is shown, or that was just taken; nothing once the text is another one. */
export class Readout {
  #facts = part("facts", HTMLDListElement);
  #legend = part("legend", HTMLParagraphElement);
  #doubted = part("doubted", HTMLSpanElement);
  #empty = part("no-answer", HTMLParagraphElement);

  /** `seconds` is what this page waited. */
  show(completion: Completion, seconds: number): void {
    const by = answeredBy(completion);
    const guard = guardSays(completion.guard);
    const time = timeSays(completion, seconds);
    const tokens = tokensSay(completion);
    const sources = sourcesSay(completion);
    this.#doubted.textContent = completion.logprobs ? "Doubt in a token" : "Doubt, as a whole";
    this.#facts.replaceChildren(
      ...fact(
        "Confidence",
        completion.confidence.toFixed(2),
        [confidenceSays(completion)],
        meter(completion.confidence),
      ),
      ...fact("Answered by", by.who, by.why),
      ...fact("Guard", guard.action, guard.notes),
      ...fact("Time", time.total, time.notes),
      ...fact("Tokens", tokens.count, tokens.notes),
      ...(sources.notes.length ? fact("Shown to the model", sources.count, sources.notes) : []),
    );
    this.#reveal(true, completion.completion !== "");
  }

  /** There is no answer to the text as it is now; `why` says what there is instead. */
  clear(why: string): void {
    this.#empty.textContent = why;
    this.#facts.replaceChildren();
    this.#reveal(false, false);
  }

  #reveal(facts: boolean, tokens: boolean): void {
    this.#empty.hidden = facts;
    this.#facts.hidden = !facts;
    this.#legend.hidden = !tokens;
  }
}

/** A row of a list of facts. */
export function fact(name: string, value: string, notes: readonly string[], ...more: Node[]): Node[] {
  const note = notes.length ? [make("span", { class: "note" }, notes.join("; "))] : [];
  return [make("dt", {}, name), make("dd", {}, make("span", { class: "value" }, value), ...more, ...note)];
}

function meter(value: number): HTMLMeterElement {
  return make("meter", { min: "0", max: "1", value: String(value), "aria-label": "Confidence" });
}
