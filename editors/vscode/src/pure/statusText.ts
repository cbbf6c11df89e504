/** What the status bar shows: the state of the server, and what to do about it. */
import type { State } from "sfm2-editor-core";

export interface StatusText {
  readonly icon: string;
  readonly text: string;
  readonly detail: string;
  /** What to do about it. */
  readonly fix: string;
  readonly command: "sfm2.startServer" | "sfm2.setKey" | "sfm2.showLog" | "sfm2.check" | "settings" | undefined;
  readonly severity: "none" | "warning" | "error";
}

export interface Situation {
  readonly state: State;
  readonly url: string;
  readonly automatic: boolean;
  /** The language of the open document, as VS Code calls it, if it is switched off; else undefined. */
  readonly languageOff: string | undefined;
  readonly hasKey: boolean;
  readonly asking: boolean;
  readonly adapter: string | undefined;
  /** Whether a server could be started here: the address is this machine's. */
  readonly local: boolean;
  /** The code of other files that the model was shown last, the most relevant first. */
  readonly sources: readonly string[];
}

/** Of those, how many are named. */
const NAMED = 4;

type Words = Omit<StatusText, "severity">;

export function statusText(situation: Situation): StatusText {
  const { state, automatic, asking } = situation;
  const working = state.kind === "ready" || state.kind === "degraded" || state.kind === "checking";
  if (working && !automatic) return { ...words(situation), ...off(situation), severity: "none" };
  const said = words(situation);
  const icon = working && asking ? "loading~spin" : said.icon;
  return { ...said, icon, severity: severityOf(state) };
}

/** What the model was shown besides the document; "" if nothing. */
export function sourcesText({ sources }: Situation): string {
  if (sources.length === 0) return "";
  const more = sources.length > NAMED ? ` and ${sources.length - NAMED} more` : "";
  return `Shown to the model: ${sources.slice(0, NAMED).join(", ")}${more}`;
}

function off(situation: Situation): Partial<Words> {
  const { languageOff } = situation;
  const [where, command] = languageOff ? [` for ${languageOff}`, " for this language"] : ["", ""];
  return {
    icon: "circle-slash",
    text: "off",
    detail: `Automatic suggestions are off${where}. ${words(situation).detail}`,
    fix: `Alt+\\ requests one; “Switch automatic suggestions on or off${command}” switches them on.`,
    command: undefined,
  };
}

function severityOf(state: State): StatusText["severity"] {
  if (["offline", "foreign", "wrongKey", "unavailable", "failed", "refused"].includes(state.kind)) return "error";
  if (["rateLimited", "slow", "degraded"].includes(state.kind)) return "warning";
  return "none";
}

function words(situation: Situation): Words {
  const { state, url, hasKey, adapter, local } = situation;
  switch (state.kind) {
    case "checking":
      return said("sync~spin", "…", `Looking for a server at ${url}.`, "");
    case "ready":
      return said("sparkle", named(state.model, adapter), `${named(state.model, adapter)} answers at ${url}.`, "");
    case "degraded":
      return said(
        "warning",
        named(state.model, adapter),
        `${state.model} answers in place of SFM-2’s own model: ${state.reason}`,
        "Look at `sfm2 health` on the server.",
      );
    case "loading":
      return said(
        "sync~spin",
        state.progress === null ? "loading" : `loading ${Math.round(100 * state.progress)} %`,
        `The server is loading its model: ${state.reason}`,
        "Wait; suggestions start on their own.",
      );
    case "offline":
      return local
        ? said("debug-disconnect", "no server", `Nothing answers at ${url}.`, "Start a server.", "sfm2.startServer")
        : said(
            "debug-disconnect",
            "no server",
            `Nothing answers at ${url}.`,
            "Is it running? Check sfm2.url.",
            "settings",
          );
    case "foreign":
      return said(
        "debug-disconnect",
        "no SFM-2",
        `What answers at ${url} is not an SFM-2 server.`,
        "Check sfm2.url.",
        "settings",
      );
    case "wrongKey":
      return hasKey
        ? said("key", "wrong key", `The server at ${url} does not accept this API key.`, "Set another.", "sfm2.setKey")
        : said(
            "key",
            "needs a key",
            `The server at ${url} requires an API key.`,
            "Set it; `sfm2 keys create` makes one.",
            "sfm2.setKey",
          );
    case "rateLimited":
      return said(
        "watch",
        "rate limit",
        `Too many requests; the server accepts more in ${Math.ceil(state.seconds)} s.`,
        "Wait; suggestions resume on their own. `sfm2 keys create --rate` raises the limit.",
      );
    case "slow":
      return said(
        "watch",
        "slow",
        "The server did not answer in time.",
        "A smaller model or a lower sfm2.maxLength is faster.",
        "settings",
      );
    case "unavailable":
      return said(
        "error",
        "no model",
        `The server has no model that can answer: ${state.reason}`,
        "Look at `sfm2 health` on the server.",
        "sfm2.showLog",
      );
    case "refused":
      return said(
        "error",
        "refused",
        `The server refused: ${state.reason}`,
        state.suggestion || "The log has the details.",
        "sfm2.showLog",
      );
    case "failed":
      return said("error", "server error", `The server failed: ${state.reason}`, "Its log says why.", "sfm2.showLog");
  }
}

function said(icon: string, text: string, detail: string, fix: string, command?: Words["command"]): Words {
  return { icon, text, detail, fix, command };
}

function named(model: string, adapter: string | undefined): string {
  return adapter ? `${model} + ${adapter}` : model;
}
