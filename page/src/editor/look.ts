// The editor lives in a shadow root, where a strict Content-Security-Policy allows CodeMirror's styles. Colours come in
// as custom properties of the page.
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const theme = EditorView.theme({
  "&": { height: "100%", color: "var(--ink)", backgroundColor: "transparent", fontSize: "var(--code-size)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.65", overflow: "auto" },
  ".cm-content": { padding: "18px 0 28px", caretColor: "var(--accent)" },
  ".cm-line": { padding: "0 20px 0 6px" },
  ".cm-gutters": { backgroundColor: "transparent", border: "none", color: "var(--faint)" },
  ".cm-lineNumbers .cm-gutterElement": {
    padding: "0 14px 0 16px",
    minWidth: "34px",
    fontVariantNumeric: "tabular-nums",
  },
  ".cm-activeLineGutter": { backgroundColor: "transparent", color: "var(--ink)" },
  ".cm-placeholder": { color: "var(--muted)" },
  "& .cm-content ::selection, & .cm-line::selection": { backgroundColor: "var(--selected)" },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--selected)", color: "inherit" },
  "&.cm-focused .cm-nonmatchingBracket": { backgroundColor: "transparent", color: "var(--bad)" },
  ".cm-ghost": { color: "var(--ghost)", whiteSpace: "pre-wrap" },
  ".cm-doubt-1": { backgroundColor: "var(--doubt-1)" },
  ".cm-doubt-2": { backgroundColor: "var(--doubt-2)" },
  ".cm-doubt-3": { backgroundColor: "var(--doubt-3)" },
  ".cm-doubt-closed": { textDecoration: "underline dotted var(--muted)", textUnderlineOffset: "3px" },
  "&.untinted .cm-doubt-1, &.untinted .cm-doubt-2, &.untinted .cm-doubt-3": { backgroundColor: "transparent" },
  "&.untinted .cm-doubt-closed": { textDecoration: "none" },
});

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier], color: "var(--code-keyword)" },
  { tag: [tags.string, tags.special(tags.string), tags.regexp], color: "var(--code-string)" },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: "var(--code-number)" },
  { tag: [tags.comment, tags.meta], color: "var(--code-comment)", fontStyle: "italic" },
  { tag: [tags.function(tags.variableName), tags.function(tags.propertyName)], color: "var(--code-name)" },
  { tag: [tags.definition(tags.variableName), tags.definition(tags.className)], color: "var(--code-name)" },
  { tag: [tags.typeName, tags.className, tags.tagName, tags.heading], color: "var(--code-type)" },
  { tag: [tags.attributeName, tags.propertyName], color: "var(--code-name)" },
]);

export const look: Extension = [theme, syntaxHighlighting(colours)];
