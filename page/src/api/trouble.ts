import { Refused, Unreachable } from "./errors.ts";

/**
 * What is wrong, for the reader. Until it is over:
 * `offline`, `unavailable` nobody can be asked; `rate` not yet; `key` not without a key; `request` only this one was wrong.
 */
export interface Trouble {
  kind: "offline" | "unavailable" | "rate" | "key" | "request";
  message: string;
  hint: string;
  /** Seconds, of `rate` and `unavailable`. */
  wait: number;
}

const UNTOLD = 10; // seconds, where a limit does not say how long it lasts
const KEY_HINT = "Enter a key; `sfm2 keys create` on the server makes one.";

export function troubleOf(error: unknown, hasKey: boolean): Trouble {
  if (error instanceof Unreachable) {
    return { kind: "offline", message: error.message, hint: "It is asked again until it does.", wait: 0 };
  }
  if (!(error instanceof Refused)) {
    return { kind: "request", message: "This page met an error of its own.", hint: String(error), wait: 0 };
  }
  const { status, body, retryAfter } = error;
  const hint = body.suggestion ?? "";
  if (status === 401) {
    return hasKey
      ? { kind: "key", message: "The server does not accept this API key.", hint: KEY_HINT, wait: 0 }
      : { kind: "key", message: "This server wants an API key.", hint: KEY_HINT, wait: 0 };
  }
  if (status === 429) {
    const wait = retryAfter ?? UNTOLD;
    const message = "The server takes no more requests from here for now.";
    return { kind: "rate", message, hint: `It is asked again in ${wait} ${wait === 1 ? "second" : "seconds"}.`, wait };
  }
  if (status === 503 || status === 502 || status === 504) {
    return { kind: "unavailable", message: sentence(body.message), hint: sentence(hint), wait: retryAfter ?? 2 };
  }
  return { kind: "request", message: sentence(body.message), hint: sentence(hint), wait: 0 };
}

function sentence(text: string): string {
  if (!text) return "";
  const begun = text[0]?.toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
