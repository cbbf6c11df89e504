// CodeMirror has a parser of PHP as large as the rest of its languages together; its family resemblance is enough here.
import type { StreamParser, StringStream } from "@codemirror/language";
import { clike } from "@codemirror/legacy-modes/mode/clike";

const words = (text: string) => Object.fromEntries(text.split(" ").map((word) => [word, true]));

export const php = clike({
  name: "php",
  keywords: words(
    "abstract and as break callable case catch class clone const continue declare default do echo else elseif enum extends " +
      "final finally fn for foreach function global goto if implements include include_once instanceof interface isset " +
      "list match namespace new or print private protected public readonly require require_once return static switch " +
      "throw trait try unset use var while xor yield",
  ),
  types: words("array bool float int iterable mixed never null object self string void"),
  blockKeywords: words("catch do else elseif finally for foreach if switch try while"),
  atoms: words("false null true"),
  multiLineStrings: true,
  hooks: {
    $: (stream: StringStream) => {
      stream.eatWhile(/[\\w$]/);
      return "variable";
    },
    "#": (stream: StringStream) => {
      if (stream.match("[")) return "meta";
      stream.skipToEnd();
      return "comment";
    },
    "<": (stream: StringStream) => (stream.match("?php") || stream.match("?=") ? "meta" : false),
  },
}) as StreamParser<unknown>;
