// Made from src/sfm2/languages.toml by `make openapi`; not edited by hand.
// biome-ignore-all format: generated

export interface LanguageFacts {
  /** Its name for people. */
  label: string;
  /** One level of it in new code. */
  indentation: string;
  /** What editors call it, in lower case. */
  editorIds: readonly string[];
}

/** By the server's names, in the order in which they are listed for users. */
export const LANGUAGES = {
  python: { label: "Python", indentation: "    ", editorIds: ["python"] },
  javascript: { label: "JavaScript", indentation: "  ", editorIds: ["javascript", "javascriptreact", "jsx", "js"] },
  typescript: { label: "TypeScript", indentation: "  ", editorIds: ["typescript", "typescriptreact", "tsx", "ts"] },
  java: { label: "Java", indentation: "    ", editorIds: ["java"] },
  go: { label: "Go", indentation: "\t", editorIds: ["go", "golang"] },
  rust: { label: "Rust", indentation: "    ", editorIds: ["rust"] },
  c: { label: "C", indentation: "    ", editorIds: ["c"] },
  cpp: { label: "C++", indentation: "    ", editorIds: ["cpp", "c++", "cuda-cpp"] },
  csharp: { label: "C#", indentation: "    ", editorIds: ["csharp", "c-sharp", "c#", "cs"] },
  ruby: { label: "Ruby", indentation: "    ", editorIds: ["ruby"] },
  php: { label: "PHP", indentation: "    ", editorIds: ["php"] },
  bash: { label: "Bash", indentation: "    ", editorIds: ["bash", "shellscript", "shell script", "sh", "zsh"] },
  sql: { label: "SQL", indentation: "    ", editorIds: ["sql", "mysql", "plsql"] },
  html: { label: "HTML", indentation: "  ", editorIds: ["html"] },
  css: { label: "CSS", indentation: "  ", editorIds: ["css"] },
  json: { label: "JSON", indentation: "  ", editorIds: ["json", "jsonc", "jsonl"] },
  yaml: { label: "YAML", indentation: "  ", editorIds: ["yaml", "dockercompose"] },
  toml: { label: "TOML", indentation: "    ", editorIds: ["toml"] },
  kotlin: { label: "Kotlin", indentation: "    ", editorIds: ["kotlin"] },
  swift: { label: "Swift", indentation: "    ", editorIds: ["swift"] },
  scala: { label: "Scala", indentation: "    ", editorIds: ["scala"] },
  lua: { label: "Lua", indentation: "    ", editorIds: ["lua"] },
  markdown: { label: "Markdown", indentation: "    ", editorIds: ["markdown"] },
  text: { label: "Plain text", indentation: "    ", editorIds: ["text", "plaintext", "plain text", "fundamental"] },
} as const satisfies Record<string, LanguageFacts>;

export type Language = keyof typeof LANGUAGES;

const BY_EDITOR_ID = new Map<string, Language>(
  (Object.keys(LANGUAGES) as Language[]).flatMap((name) => LANGUAGES[name].editorIds.map((id) => [id, name] as const)),
);

/** The server's name for an editor's language; undefined for one that it does not know. */
export function serverLanguage(editorLanguage: string): Language | undefined {
  return BY_EDITOR_ID.get(editorLanguage.toLowerCase());
}
