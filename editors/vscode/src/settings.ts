/** What the user has set in the editor's settings. */
import * as vscode from "vscode";

export interface Settings {
  readonly url: string;
  readonly enabled: boolean;
  readonly minConfidence: number;
  readonly maxLength: number;
  /** Milliseconds; null follows the pace of typing. */
  readonly delay: number | null;
  readonly adapter: string;
  readonly exclude: readonly string[];
  readonly feedback: boolean;
  readonly serverCommand: string;
}

export const SECTION = "sfm2";

/** As they stand for a document; values of a wrong type, which VS Code lets pass, count as not set. */
export function settingsFor(scope?: vscode.ConfigurationScope): Settings {
  const values = vscode.workspace.getConfiguration(SECTION, scope ?? null);
  const number = (name: string, otherwise: number): number => {
    const value = values.get(name);
    return typeof value === "number" && Number.isFinite(value) ? value : otherwise;
  };
  const text = (name: string, otherwise: string): string => {
    const value = values.get(name);
    return typeof value === "string" && value.trim() ? value.trim() : otherwise;
  };
  const exclude = values.get("exclude");
  const delay = values.get("delay");
  return {
    url: text("url", "http://127.0.0.1:8000").replace(/\/+$/, ""),
    enabled: values.get("enabled") !== false,
    minConfidence: number("minConfidence", 0),
    maxLength: Math.max(1, Math.round(number("maxLength", 96))),
    delay: typeof delay === "number" ? Math.max(0, delay) : null,
    adapter: text("adapter", ""),
    exclude: Array.isArray(exclude) ? exclude.filter((glob) => typeof glob === "string") : [],
    feedback: values.get("feedback") !== false,
    serverCommand: text("serverCommand", "sfm2 serve"),
  };
}
