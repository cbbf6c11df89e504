import type { Completion } from "sfm2-client";
import { make, part } from "../elements.ts";
import { answeredBy, confidenceSays, guardSays, timeSays, tokensSay } from "./saying.ts";

/** What is known of the completion that is shown, or was shown last. */
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
    this.#empty.hidden = true;
    this.#facts.hidden = false;
    this.#legend.hidden = !completion.completion;
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
    );
  }
}

function fact(name: string, value: string, notes: string[], ...more: Node[]): Node[] {
  const lines = notes.map((note) => make("span", { class: "note" }, note));
  return [make("dt", {}, name), make("dd", {}, make("span", { class: "value" }, value), ...more, ...lines)];
}

function meter(value: number): HTMLMeterElement {
  return make("meter", { min: "0", max: "1", value: String(value), "aria-label": "Confidence" });
}
