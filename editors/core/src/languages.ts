/** The languages that the server knows, as editors and people call them. */
import type { Language } from "sfm2-client";

export interface LanguageEntry {
  /** For people. */
  readonly label: string;
  /** What editors call it besides our own name. */
  readonly editorIds: readonly string[];
  /** Of file names, with their dot. */
  readonly suffixes: readonly string[];
}

export const LANGUAGES: Readonly<Record<Language, LanguageEntry>> = {
  python: { label: "Python", editorIds: [], suffixes: [".py", ".pyi", ".pyw"] },
  javascript: {
    label: "JavaScript",
    editorIds: ["javascriptreact", "jsx", "js"],
    suffixes: [".js", ".mjs", ".cjs", ".jsx"],
  },
  typescript: { label: "TypeScript", editorIds: ["typescriptreact", "tsx", "ts"], suffixes: [".ts", ".tsx", ".mts"] },
  java: { label: "Java", editorIds: [], suffixes: [".java"] },
  go: { label: "Go", editorIds: ["golang"], suffixes: [".go"] },
  rust: { label: "Rust", editorIds: [], suffixes: [".rs"] },
  c: { label: "C", editorIds: [], suffixes: [".c", ".h"] },
  cpp: { label: "C++", editorIds: ["c++", "cuda-cpp"], suffixes: [".cc", ".cpp", ".cxx", ".hpp", ".hh"] },
  csharp: { label: "C#", editorIds: ["c-sharp", "c#", "cs"], suffixes: [".cs"] },
  ruby: { label: "Ruby", editorIds: [], suffixes: [".rb"] },
  php: { label: "PHP", editorIds: [], suffixes: [".php"] },
  bash: { label: "Bash", editorIds: ["shellscript", "sh", "zsh", "shell script"], suffixes: [".sh", ".bash"] },
  sql: { label: "SQL", editorIds: ["mysql", "plsql"], suffixes: [".sql"] },
  html: { label: "HTML", editorIds: [], suffixes: [".html", ".htm"] },
  css: { label: "CSS", editorIds: [], suffixes: [".css"] },
  json: { label: "JSON", editorIds: ["jsonc", "jsonl"], suffixes: [".json"] },
  yaml: { label: "YAML", editorIds: ["dockercompose"], suffixes: [".yaml", ".yml"] },
  toml: { label: "TOML", editorIds: [], suffixes: [".toml"] },
  kotlin: { label: "Kotlin", editorIds: [], suffixes: [".kt", ".kts"] },
  swift: { label: "Swift", editorIds: [], suffixes: [".swift"] },
  scala: { label: "Scala", editorIds: [], suffixes: [".scala"] },
  lua: { label: "Lua", editorIds: [], suffixes: [".lua"] },
  markdown: { label: "Markdown", editorIds: [], suffixes: [".md"] },
  text: { label: "Plain text", editorIds: ["plaintext"], suffixes: [".txt"] },
};

const BY_EDITOR_ID: ReadonlyMap<string, string> = new Map(
  Object.entries(LANGUAGES).flatMap(([name, { editorIds }]) => [name, ...editorIds].map((id) => [id, name] as const)),
);

/** The server's name of an editor's language; undefined: unknown, and the server looks at the path. */
export function languageOf(editorId: string): string | undefined {
  return BY_EDITOR_ID.get(editorId.toLowerCase());
}
