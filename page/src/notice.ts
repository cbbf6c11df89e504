import type { State } from "sfm2-editor-core";
import type { PageConnection } from "./api/connection.ts";
import type { Key } from "./api/key.ts";
import { make, part } from "./elements.ts";

const KEY_HINT = "Enter a key; `sfm2 keys create` on the server makes one.";

export interface Notice {
  message: string;
  hint: string;
}

/** What is wrong, shown once, and removed when it is over. */
export function notice(connection: PageConnection, key: Key, enterKey: () => void): void {
  const place = part("notice", HTMLDivElement);
  let shown = "";
  connection.addEventListener("change", () => {
    const said = noticeOf(connection.state, key.value !== null);
    if (JSON.stringify(said) === shown) return;
    shown = JSON.stringify(said);
    const content: Node[] = said ? [make("strong", {}, said.message)] : [];
    if (said?.hint) content.push(make("span", {}, said.hint));
    if (connection.state.kind === "wrongKey") {
      const button = make("button", { type: "button" }, "Enter a key");
      button.addEventListener("click", enterKey);
      content.push(button);
    }
    place.replaceChildren(...content);
  });
}

/** A state in words; null where there is nothing to say. */
export function noticeOf(state: State, hasKey: boolean): Notice | null {
  switch (state.kind) {
    case "checking":
    case "ready":
    case "degraded":
      return null;
    case "loading":
      return { message: "The server is loading its model.", hint: sentence(state.reason) };
    case "offline":
      return { message: "The server does not answer.", hint: "It is asked again until it does." };
    case "slow":
      return { message: "The server takes too long to answer.", hint: "Fewer tokens are faster." };
    case "foreign":
      return { message: "What answers here is not an SFM-2 server.", hint: sentence(state.reason) };
    case "wrongKey":
      return {
        message: hasKey ? "The server does not accept this API key." : "This server wants an API key.",
        hint: KEY_HINT,
      };
    case "rateLimited":
      return {
        message: "The server takes no more requests from here for now.",
        hint: `It is asked again in ${inWords(state.seconds)}.`,
      };
    case "unavailable":
      return { message: sentence(state.reason), hint: "It is asked again until it can answer." };
    case "refused":
      return { message: sentence(state.reason), hint: sentence(state.suggestion) };
    case "failed":
      return { message: "The server failed.", hint: sentence(state.reason) };
  }
}

function inWords(seconds: number): string {
  const whole = Math.ceil(seconds);
  return `${whole} ${whole === 1 ? "second" : "seconds"}`;
}

function sentence(text: string): string {
  if (!text) return "";
  const begun = text[0]?.toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
