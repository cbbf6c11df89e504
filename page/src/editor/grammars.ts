// How each language of the service is highlighted. A grammar is loaded when it is first used.
import { LanguageSupport, StreamLanguage, type StreamParser } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import type { Language } from "sfm2-client";

/** Of a module with stream parsers, the one that `pick` picks. */
const mode = <M>(module: Promise<M>, pick: (module: M) => unknown) =>
  module.then((loaded) => new LanguageSupport(StreamLanguage.define(pick(loaded) as StreamParser<unknown>)));
const clike = () => import("@codemirror/legacy-modes/mode/clike");
const javascript = () => import("@codemirror/legacy-modes/mode/javascript");
const markup = () => import("@codemirror/legacy-modes/mode/xml");
const css = () => import("@codemirror/legacy-modes/mode/css");
const python = () => mode(import("@codemirror/legacy-modes/mode/python"), (found) => found.python);
const shell = () => mode(import("@codemirror/legacy-modes/mode/shell"), (found) => found.shell);
const ml = () => import("@codemirror/legacy-modes/mode/mllike");
const html = () => mode(markup(), (found) => found.html);

/** What highlights a language; nothing for one without a grammar, and for an unknown one (null). */
export async function grammarOf(language: Language | null): Promise<Extension> {
  const load = language && GRAMMARS[language];
  // The grammar may be gone after an upgrade of the server: then the code is shown without colours.
  return load ? load().catch(() => []) : [];
}

const GRAMMARS: Partial<Record<Language, () => Promise<Extension>>> = {
  python,
  cython: python,
  starlark: python,
  gdscript: python,
  javascript: () => mode(javascript(), (found) => found.javascript),
  typescript: () => mode(javascript(), (found) => found.typescript),
  tsx: () => mode(javascript(), (found) => found.typescript),
  java: () => mode(clike(), (found) => found.java),
  go: () => mode(import("@codemirror/legacy-modes/mode/go"), (found) => found.go),
  rust: () => mode(import("@codemirror/legacy-modes/mode/rust"), (found) => found.rust),
  c: () => mode(clike(), (found) => found.c),
  cpp: () => mode(clike(), (found) => found.cpp),
  csharp: () => mode(clike(), (found) => found.csharp),
  ruby: () => mode(import("@codemirror/legacy-modes/mode/ruby"), (found) => found.ruby),
  php: () => mode(import("./php.ts"), (found) => found.php),
  bash: shell,
  zsh: shell,
  fish: shell,
  sql: () => mode(import("@codemirror/legacy-modes/mode/sql"), (found) => found.standardSQL),
  html,
  vue: html,
  svelte: html,
  astro: html,
  erb: html,
  blade: html,
  jinja: html,
  handlebars: html,
  razor: html,
  xml: () => mode(markup(), (found) => found.xml),
  css: () => mode(css(), (found) => found.css),
  scss: () => mode(css(), (found) => found.sCSS),
  less: () => mode(css(), (found) => found.less),
  json: () => mode(javascript(), (found) => found.json),
  yaml: () => mode(import("@codemirror/legacy-modes/mode/yaml"), (found) => found.yaml),
  toml: () => mode(import("@codemirror/legacy-modes/mode/toml"), (found) => found.toml),
  kotlin: () => mode(clike(), (found) => found.kotlin),
  swift: () => mode(import("@codemirror/legacy-modes/mode/swift"), (found) => found.swift),
  scala: () => mode(clike(), (found) => found.scala),
  lua: () => mode(import("@codemirror/legacy-modes/mode/lua"), (found) => found.lua),
  dart: () => mode(clike(), (found) => found.dart),
  objectivec: () => mode(clike(), (found) => found.objectiveC),
  objectivecpp: () => mode(clike(), (found) => found.objectiveCpp),
  cuda: () => mode(clike(), (found) => found.cpp),
  glsl: () => mode(clike(), (found) => found.shader),
  groovy: () => mode(import("@codemirror/legacy-modes/mode/groovy"), (found) => found.groovy),
  haskell: () => mode(import("@codemirror/legacy-modes/mode/haskell"), (found) => found.haskell),
  r: () => mode(import("@codemirror/legacy-modes/mode/r"), (found) => found.r),
  perl: () => mode(import("@codemirror/legacy-modes/mode/perl"), (found) => found.perl),
  julia: () => mode(import("@codemirror/legacy-modes/mode/julia"), (found) => found.julia),
  ocaml: () => mode(ml(), (found) => found.oCaml),
  ocaml_interface: () => mode(ml(), (found) => found.oCaml),
  fsharp: () => mode(ml(), (found) => found.fSharp),
  clojure: () => mode(import("@codemirror/legacy-modes/mode/clojure"), (found) => found.clojure),
  erlang: () => mode(import("@codemirror/legacy-modes/mode/erlang"), (found) => found.erlang),
  powershell: () => mode(import("@codemirror/legacy-modes/mode/powershell"), (found) => found.powerShell),
  dockerfile: () => mode(import("@codemirror/legacy-modes/mode/dockerfile"), (found) => found.dockerFile),
  cmake: () => mode(import("@codemirror/legacy-modes/mode/cmake"), (found) => found.cmake),
  nginx: () => mode(import("@codemirror/legacy-modes/mode/nginx"), (found) => found.nginx),
  protobuf: () => mode(import("@codemirror/legacy-modes/mode/protobuf"), (found) => found.protobuf),
  ini: () => mode(import("@codemirror/legacy-modes/mode/properties"), (found) => found.properties),
  latex: () => mode(import("@codemirror/legacy-modes/mode/stex"), (found) => found.stex),
};
