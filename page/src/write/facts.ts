// What is known besides the words of an explanation: what was read off the code, and how the words came about.
import type { Explanation } from "sfm2-client";
import { type CodeFacts, headOf, rowsOf, SHOWN } from "sfm2-editor-core";
import { make } from "../elements.ts";
import { fact } from "./readout.ts";
import { inSeconds } from "./saying.ts";

/** What each definition returns, raises, changes and calls. */
export function readOff(facts: readonly CodeFacts[]): Node[] {
  if (facts.length === 0) return [];
  const left = facts.length - SHOWN;
  return [
    make("h3", {}, "Read off the code"),
    ...facts.slice(0, SHOWN).flatMap(definition),
    ...(left > 0
      ? [make("p", { class: "hint" }, `and ${left} more ${left === 1 ? "definition" : "definitions"}`)]
      : []),
  ];
}

export function aboutIt(explanation: Explanation, seconds: number): Node[] {
  const { modelUsed, tokens, finishReason, confidence } = explanation;
  const cut = finishReason === "length" ? ["ended by its length"] : [];
  const sure = confidence ? fact("Confidence", confidence.toFixed(2), ["in its words; not calibrated"]) : [];
  return [
    ...sure,
    ...fact("Answered by", modelUsed, []),
    ...fact("Time", inSeconds(seconds), [`${tokens.completion} tokens written`, ...cut]),
  ];
}

function definition(one: CodeFacts): Node[] {
  const rows = rowsOf(one).map(([name, code]) => [
    make("dt", {}, name),
    make("dd", {}, ...code.map((text) => make("code", {}, text))),
  ]);
  return [
    make("p", { class: "signature" }, make("code", {}, headOf(one))),
    make("dl", { class: "facts" }, ...rows.flat()),
  ];
}
