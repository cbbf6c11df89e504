/** VS Code's names of languages -> the server's. */

// As in `Language` of the server; "text" is left to its own look at the path.
const SAME = new Set([
  ...["python", "javascript", "typescript", "java", "go", "rust", "c", "cpp", "csharp", "ruby", "php", "sql", "html"],
  ...["css", "json", "yaml", "toml", "kotlin", "swift", "scala", "lua", "markdown"],
]);

const OTHER: Readonly<Record<string, string>> = {
  javascriptreact: "javascript",
  typescriptreact: "typescript",
  shellscript: "bash",
  jsonc: "json",
  jsonl: "json",
  dockercompose: "yaml",
  "cuda-cpp": "cpp",
  plaintext: "text",
};

export function serverLanguage(editorLanguage: string): string | undefined {
  return SAME.has(editorLanguage) ? editorLanguage : OTHER[editorLanguage];
}
