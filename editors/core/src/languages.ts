/** The languages that the server knows, as editors and people call them. */
// Made from src/sfm2/languages.toml by `make openapi`; not edited by hand.
// biome-ignore-all format: generated
import type { Language } from "sfm2-client";

export interface LanguageEntry {
  /** For people. */
  readonly label: string;
  /** What editors call it besides our own name, in lower case. */
  readonly editorIds: readonly string[];
  /** Of file names, with their dot. */
  readonly suffixes: readonly string[];
  /** One level of it in new code. */
  readonly indentation: string;
}

export const LANGUAGES: Readonly<Record<Language, LanguageEntry>> = {
  python: { label: "Python", editorIds: [], suffixes: [".py", ".pyi", ".pyw"], indentation: "    " },
  javascript: { label: "JavaScript", editorIds: ["javascriptreact", "jsx", "js"], suffixes: [".js", ".mjs", ".cjs", ".jsx"], indentation: "  " },
  typescript: { label: "TypeScript", editorIds: ["typescriptreact", "tsx", "ts"], suffixes: [".ts", ".tsx", ".mts"], indentation: "  " },
  java: { label: "Java", editorIds: [], suffixes: [".java"], indentation: "    " },
  go: { label: "Go", editorIds: ["golang"], suffixes: [".go"], indentation: "\t" },
  rust: { label: "Rust", editorIds: [], suffixes: [".rs"], indentation: "    " },
  c: { label: "C", editorIds: [], suffixes: [".c", ".h"], indentation: "    " },
  cpp: { label: "C++", editorIds: ["c++", "cuda-cpp"], suffixes: [".cc", ".cpp", ".cxx", ".hpp", ".hh"], indentation: "    " },
  csharp: { label: "C#", editorIds: ["c-sharp", "c#", "cs"], suffixes: [".cs"], indentation: "    " },
  ruby: { label: "Ruby", editorIds: [], suffixes: [".rb"], indentation: "    " },
  php: { label: "PHP", editorIds: [], suffixes: [".php"], indentation: "    " },
  bash: { label: "Bash", editorIds: ["shellscript", "shell script", "sh", "zsh"], suffixes: [".sh", ".bash"], indentation: "    " },
  sql: { label: "SQL", editorIds: ["mysql", "plsql"], suffixes: [".sql"], indentation: "    " },
  html: { label: "HTML", editorIds: [], suffixes: [".html", ".htm"], indentation: "  " },
  css: { label: "CSS", editorIds: [], suffixes: [".css"], indentation: "  " },
  json: { label: "JSON", editorIds: ["jsonc", "jsonl"], suffixes: [".json"], indentation: "  " },
  yaml: { label: "YAML", editorIds: ["dockercompose"], suffixes: [".yaml", ".yml"], indentation: "  " },
  toml: { label: "TOML", editorIds: [], suffixes: [".toml"], indentation: "    " },
  kotlin: { label: "Kotlin", editorIds: [], suffixes: [".kt", ".kts"], indentation: "    " },
  swift: { label: "Swift", editorIds: [], suffixes: [".swift"], indentation: "    " },
  scala: { label: "Scala", editorIds: [], suffixes: [".scala"], indentation: "    " },
  lua: { label: "Lua", editorIds: [], suffixes: [".lua"], indentation: "    " },
  markdown: { label: "Markdown", editorIds: [], suffixes: [".md"], indentation: "    " },
  text: { label: "Plain text", editorIds: ["plaintext", "plain text", "fundamental"], suffixes: [".txt"], indentation: "    " },
};

const BY_EDITOR_ID: ReadonlyMap<string, Language> = new Map(
  (Object.entries(LANGUAGES) as [Language, LanguageEntry][]).flatMap(([name, { editorIds }]) =>
    [name, ...editorIds].map((id) => [id, name] as const),
  ),
);

/** The server's name of an editor's language; undefined: unknown, and the server looks at the path. */
export function languageOf(editorId: string): Language | undefined {
  return BY_EDITOR_ID.get(editorId.toLowerCase());
}
