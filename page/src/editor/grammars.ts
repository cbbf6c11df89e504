// How each language of the service is highlighted. A grammar is loaded when it is first used.
import { LanguageSupport, StreamLanguage, type StreamParser } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import type { Language } from "sfm2-client";

const plain = async (): Promise<Extension> => [];
/** Of a module with stream parsers, the one that `pick` picks. */
const mode = <M>(module: Promise<M>, pick: (module: M) => unknown) =>
  module.then((loaded) => new LanguageSupport(StreamLanguage.define(pick(loaded) as StreamParser<unknown>)));
const clike = () => import("@codemirror/legacy-modes/mode/clike");
const javascript = () => import("@codemirror/legacy-modes/mode/javascript");

export const GRAMMARS: Record<Language, () => Promise<Extension>> = {
  python: () => mode(import("@codemirror/legacy-modes/mode/python"), (found) => found.python),
  javascript: () => mode(javascript(), (found) => found.javascript),
  typescript: () => mode(javascript(), (found) => found.typescript),
  java: () => mode(clike(), (found) => found.java),
  go: () => mode(import("@codemirror/legacy-modes/mode/go"), (found) => found.go),
  rust: () => mode(import("@codemirror/legacy-modes/mode/rust"), (found) => found.rust),
  c: () => mode(clike(), (found) => found.c),
  cpp: () => mode(clike(), (found) => found.cpp),
  csharp: () => mode(clike(), (found) => found.csharp),
  ruby: () => mode(import("@codemirror/legacy-modes/mode/ruby"), (found) => found.ruby),
  php: () => mode(import("./php.ts"), (found) => found.php),
  bash: () => mode(import("@codemirror/legacy-modes/mode/shell"), (found) => found.shell),
  sql: () => mode(import("@codemirror/legacy-modes/mode/sql"), (found) => found.standardSQL),
  html: () => mode(import("@codemirror/legacy-modes/mode/xml"), (found) => found.html),
  css: () => mode(import("@codemirror/legacy-modes/mode/css"), (found) => found.css),
  json: () => mode(javascript(), (found) => found.json),
  yaml: () => mode(import("@codemirror/legacy-modes/mode/yaml"), (found) => found.yaml),
  toml: () => mode(import("@codemirror/legacy-modes/mode/toml"), (found) => found.toml),
  kotlin: () => mode(clike(), (found) => found.kotlin),
  swift: () => mode(import("@codemirror/legacy-modes/mode/swift"), (found) => found.swift),
  scala: () => mode(clike(), (found) => found.scala),
  lua: () => mode(import("@codemirror/legacy-modes/mode/lua"), (found) => found.lua),
  markdown: plain,
  text: plain,
};
