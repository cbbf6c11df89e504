/** Files whose text is never sent. The language server has the same rule; `tests/traces/exclusion.json` holds both to it. */

/**
 * Whether one of the patterns names the file.
 *
 * `*` matches any characters, `?` one, `[...]` one of a set, `{a,b}` one of a list. A pattern without
 * folders, apart from a leading `**` folder, is compared with the file's name; any other with the end of its path.
 * `*` crosses folders: a pattern excludes rather more than less.
 */
export function isExcluded(path: string, patterns: readonly string[]): boolean {
  const normal = path.replaceAll("\\", "/");
  return patterns.some((pattern) => expression(pattern.replace(/^\*\*\//, "")).test(normal));
}

function expression(pattern: string): RegExp {
  const start = pattern.startsWith("/") ? "^" : "(^|/)";
  // In a pattern without folders nothing crosses one: it is compared with the name alone.
  return new RegExp(`${start}${translated(pattern, pattern.includes("/") ? "." : "[^/]")}$`, "s");
}

const TOKEN = /\*+|\?|\[[!^]?\]?[^\]]*\]|\{[^{}]*\}|[\s\S]/g;

/** As a regular expression, with `any` for any character. */
function translated(pattern: string, any: string): string {
  return (pattern.match(TOKEN) ?? []).map((token) => one(token, any)).join("");
}

function one(token: string, any: string): string {
  if (token.startsWith("*")) return `${any}*`;
  if (token === "?") return any;
  if (token.length > 1 && token.startsWith("[")) return set(token.slice(1, -1));
  if (token.length > 1 && token.startsWith("{")) {
    const parts = token.slice(1, -1).split(",");
    return `(?:${parts.map((part) => translated(part, any)).join("|")})`;
  }
  return token.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}

function set(characters: string): string {
  const negated = /^[!^]/.test(characters);
  return `[${negated ? "^" : ""}${characters.slice(negated ? 1 : 0).replace(/[\\\]^[]/g, "\\$&")}]`;
}
