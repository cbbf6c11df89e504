import type { Language } from "sfm2-client";
import { LANGUAGES } from "sfm2-editor-core";
import { make, part } from "../elements.ts";
import table from "./examples.json";

/** Code with a hole in it. The table is a file of its own: a test asks for each hole on the shipped weights and runs the answer. */
export interface Example {
  label: string;
  language: Language;
  prefix: string;
  suffix: string;
}

const EXAMPLES = table as Example[];

/** The row of examples; it stays when there is code in the editor. */
export function showExamples(chosen: (example: Example) => void): void {
  part("examples", HTMLDivElement).append(
    ...EXAMPLES.map((example) => {
      const button = make("button", { type: "button", class: "quiet" }, example.label);
      button.title = LANGUAGES[example.language].label;
      button.addEventListener("click", () => chosen(example));
      return button;
    }),
  );
}

/** Whether it is the text of an example as it was put there, so that nothing of the user's is lost with it. */
export function isAnExamples(text: string): boolean {
  return EXAMPLES.some(({ prefix, suffix }) => text === prefix + suffix);
}
