import type { EditorState } from "@codemirror/state";
import type { CompleteOptions } from "sfm2-client";
import { type CompletionRequest, windowAround } from "sfm2-editor-core";

/** The text around the cursor, and what the page's controls say. */
export function requestAt(
  { doc, selection }: EditorState,
  { language, ...options }: CompleteOptions,
): CompletionRequest {
  const { head } = selection.main;
  const line = doc.lineAt(head);
  const lines = { lineCount: doc.lines, lineAt: (index: number) => doc.line(index + 1).text };
  const window = windowAround(lines, line.number - 1, head - line.from);
  return { place: { ...window, ...(language && { language }) }, options };
}
