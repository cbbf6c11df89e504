// How each language of the service is highlighted. A grammar is loaded when it is first wanted.
import { LanguageSupport, StreamLanguage, type StreamParser } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import type { Language } from "../api/wire.ts";

interface Known {
  label: string;
  load: () => Promise<Extension>;
}

const plain = async (): Promise<Extension> => [];
/** Of a module with stream parsers, the one that `pick` picks. */
const mode = <M>(module: Promise<M>, pick: (module: M) => unknown) =>
  module.then((loaded) => new LanguageSupport(StreamLanguage.define(pick(loaded) as StreamParser<unknown>)));
const clike = () => import("@codemirror/legacy-modes/mode/clike");
const javascript = () => import("@codemirror/legacy-modes/mode/javascript");

export const LANGUAGES: Record<Language, Known> = {
  python: {
    label: "Python",
    load: () => mode(import("@codemirror/legacy-modes/mode/python"), (found) => found.python),
  },
  javascript: { label: "JavaScript", load: () => mode(javascript(), (found) => found.javascript) },
  typescript: { label: "TypeScript", load: () => mode(javascript(), (found) => found.typescript) },
  java: { label: "Java", load: () => mode(clike(), (found) => found.java) },
  go: { label: "Go", load: () => mode(import("@codemirror/legacy-modes/mode/go"), (found) => found.go) },
  rust: { label: "Rust", load: () => mode(import("@codemirror/legacy-modes/mode/rust"), (found) => found.rust) },
  c: { label: "C", load: () => mode(clike(), (found) => found.c) },
  cpp: { label: "C++", load: () => mode(clike(), (found) => found.cpp) },
  csharp: { label: "C#", load: () => mode(clike(), (found) => found.csharp) },
  ruby: { label: "Ruby", load: () => mode(import("@codemirror/legacy-modes/mode/ruby"), (found) => found.ruby) },
  php: { label: "PHP", load: () => mode(import("./php.ts"), (found) => found.php) },
  bash: { label: "Bash", load: () => mode(import("@codemirror/legacy-modes/mode/shell"), (found) => found.shell) },
  sql: { label: "SQL", load: () => mode(import("@codemirror/legacy-modes/mode/sql"), (found) => found.standardSQL) },
  html: { label: "HTML", load: () => mode(import("@codemirror/legacy-modes/mode/xml"), (found) => found.html) },
  css: { label: "CSS", load: () => mode(import("@codemirror/legacy-modes/mode/css"), (found) => found.css) },
  json: { label: "JSON", load: () => mode(javascript(), (found) => found.json) },
  yaml: { label: "YAML", load: () => mode(import("@codemirror/legacy-modes/mode/yaml"), (found) => found.yaml) },
  toml: { label: "TOML", load: () => mode(import("@codemirror/legacy-modes/mode/toml"), (found) => found.toml) },
  kotlin: { label: "Kotlin", load: () => mode(clike(), (found) => found.kotlin) },
  swift: { label: "Swift", load: () => mode(import("@codemirror/legacy-modes/mode/swift"), (found) => found.swift) },
  scala: { label: "Scala", load: () => mode(clike(), (found) => found.scala) },
  lua: { label: "Lua", load: () => mode(import("@codemirror/legacy-modes/mode/lua"), (found) => found.lua) },
  markdown: { label: "Markdown", load: plain },
  text: { label: "Plain text", load: plain },
};
