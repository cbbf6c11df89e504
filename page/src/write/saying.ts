// A completion in words.
import type { Completion, GuardReport } from "sfm2-client";

const ACTIONS: Record<string, string> = {
  off: "Off",
  kept: "Kept all",
  cut: "Cut the end",
  closed: "Closed what was open",
  resampled: "Asked a second time",
  abstained: "Abstained: nothing fits here",
};

const REASONS: Record<string, string> = {
  line_end: "one line was asked for",
  block_end: "the block ends",
  suffix_begins: "what follows the cursor would begin again",
  syntax: "the rest does not parse",
  open: "quotes, brackets or a block were open",
  repetition: "it repeats itself",
  chatter: "prose or fences around the code",
  undefined_names: "names that nothing defines",
  unknown_names: "names that the repository does not have",
  stop_text: "a stop text",
  length: "max tokens reached",
  unknown_language: "no grammar for this language",
  too_large: "too much text to judge in time",
  switched_off: "switched off",
};

export function guardSays(guard: GuardReport): { action: string; notes: string[] } {
  const notes = guard.reasons.map((reason) => REASONS[reason] ?? reason);
  if (guard.dropped) notes.push(`${guard.dropped} ${guard.dropped === 1 ? "character" : "characters"} dropped`);
  if (guard.undefined.length) notes.push(`undefined: ${guard.undefined.join(", ")}`);
  if (guard.unknown.length) notes.push(`not in the repository: ${guard.unknown.join(", ")}`);
  if (guard.parses === true) notes.push("parses in place");
  if (guard.parses === false) notes.push("does not parse in place");
  return { action: ACTIONS[guard.action] ?? guard.action, notes };
}

/** Who answered, and of each that was asked before, why it did not. */
export function answeredBy(completion: Completion): { who: string; why: string[] } {
  const adapter = completion.adapter ? ` with ${completion.adapter}` : "";
  const why = completion.fallback.map(
    ({ backend, reason, message }) => `${backend}: ${reason.replaceAll("_", " ")}. ${message}`,
  );
  return { who: completion.modelUsed + adapter, why };
}

export function confidenceSays({ confidence, calibrated }: Completion): string {
  return calibrated
    ? `calibrated: of such answers about ${Math.round(confidence * 100)} % are right`
    : "not calibrated: it orders answers, and is no probability of being right";
}

/** `seconds` until this page had something to show. */
export function timeSays(completion: Completion, seconds: number): { total: string; notes: string[] } {
  const notes = [`until shown; ${inSeconds(completion.processingTime)} in the server`];
  if (completion.promptTime != null) notes.push(`first token after ${inSeconds(completion.promptTime)}`);
  return { total: inSeconds(seconds), notes };
}

export function tokensSay({ tokens, processingTime, finishReason }: Completion): { count: string; notes: string[] } {
  const written = tokens.completion;
  const notes = [];
  if (tokens.prompt) notes.push(`${tokens.prompt} read`);
  if (written && processingTime > 0) notes.push(`${Math.round(written / processingTime)} a second`);
  if (finishReason === "length") notes.push("ended by max tokens");
  return { count: `${written} written`, notes };
}

/** Other code that the model was shown, the most relevant first. */
export function sourcesSay({ sources }: Completion): { count: string; notes: string[] } {
  const notes = sources.map(({ path, first, last }) => (first == null ? path : `${path}:${first}-${last}`)).reverse();
  return { count: `${notes.length} ${notes.length === 1 ? "passage" : "passages"} of other files`, notes };
}

export function inSeconds(seconds: number): string {
  return seconds < 1 ? `${Math.max(1, Math.round(seconds * 1000))} ms` : `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
}
