/** What the user has set in the editor's settings. */
import { LEAST_CONFIDENCE } from "sfm2-editor-core";
import * as vscode from "vscode";
import { isOn, switchesIn } from "./pure/perLanguage";

export interface Settings {
  readonly url: string;
  /** Of automatic suggestions, in the language of the document too. */
  readonly enabled: boolean;
  /** Whether it is the language that is switched off. */
  readonly languageOff: boolean;
  readonly minConfidence: number;
  readonly maxLength: number;
  /** Milliseconds; null follows the pace of typing. */
  readonly delay: number | null;
  readonly adapter: string;
  readonly exclude: readonly string[];
  /** Whether code of other files goes with a request. */
  readonly context: boolean;
  readonly feedback: boolean;
  readonly serverCommand: string;
}

export const SECTION = "sfm2";

/** As they stand for a document; values of a wrong type, which VS Code lets pass, count as not set. */
export function settingsFor(scope?: vscode.TextDocument): Settings {
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
  const languageOff = scope !== undefined && !isOn(switchesIn(values.get("languages")), scope.languageId);
  return {
    url: text("url", "http://127.0.0.1:8000").replace(/\/+$/, ""),
    enabled: values.get("enabled") !== false && !languageOff,
    languageOff,
    minConfidence: number("minConfidence", LEAST_CONFIDENCE),
    maxLength: Math.max(1, Math.round(number("maxLength", 96))),
    delay: typeof delay === "number" ? Math.max(0, delay) : null,
    adapter: text("adapter", ""),
    exclude: Array.isArray(exclude) ? exclude.filter((glob) => typeof glob === "string") : [],
    context: values.get("context") !== false,
    feedback: values.get("feedback") !== false,
    serverCommand: text("serverCommand", "sfm2 serve"),
  };
}
