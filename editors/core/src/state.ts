/** The state of the server, and what follows from it. */
import type { Health } from "sfm2-client";

export type State =
  | { readonly kind: "checking" }
  | { readonly kind: "ready"; readonly model: string }
  | { readonly kind: "degraded"; readonly model: string; readonly reason: string }
  /** `progress`: the share of the current step that is done, from 0 to 1; null: unknown. */
  | { readonly kind: "loading"; readonly reason: string; readonly progress: number | null }
  | { readonly kind: "offline"; readonly reason: string }
  | { readonly kind: "foreign"; readonly reason: string }
  | { readonly kind: "wrongKey"; readonly reason: string }
  | { readonly kind: "rateLimited"; readonly seconds: number }
  | { readonly kind: "slow"; readonly reason: string }
  | { readonly kind: "unavailable"; readonly reason: string }
  | { readonly kind: "refused"; readonly reason: string; readonly suggestion: string }
  | { readonly kind: "failed"; readonly reason: string };

type Kind = State["kind"];

/** What went wrong with a request; an `SFM2Error` is one. */
export interface Failure {
  /** The error code to decide by, such as `unauthorized`. */
  readonly code: string;
  readonly message: string;
  readonly suggestion: string;
  /** Of the HTTP response. */
  readonly status?: number;
  /** Seconds to wait, where the server says so. */
  readonly retryAfter?: number | undefined;
}

const FIRST = "sfm2";
const CAN_ANSWER = new Set(["available", "configured"]);

export function stateOfHealth(health: Health): State {
  const names = Object.keys(health.modelStatus);
  const answering = names.find((name) => CAN_ANSWER.has(health.modelStatus[name] ?? ""));
  const reason = reasonOf(health, FIRST);
  if (health.status === "healthy") return { kind: "ready", model: modelOf(health, answering ?? FIRST) };
  if (health.modelStatus[FIRST] === "loading" && answering === undefined) {
    return { kind: "loading", reason, progress: health.backends[FIRST]?.progress ?? null };
  }
  if (health.status === "degraded" && answering) return { kind: "degraded", model: modelOf(health, answering), reason };
  if (answering && health.storage) return { kind: "unavailable", reason: health.storage };
  return { kind: "unavailable", reason: names.map((name) => `${name}: ${reasonOf(health, name)}`).join("; ") };
}

/** A server that does not report models goes by its backend's name. */
function modelOf(health: Health, backend: string): string {
  return health.backends[backend]?.model ?? backend;
}

function reasonOf(health: Health, backend: string): string {
  return health.backends[backend]?.reason || (health.modelDetails[backend] ?? "");
}

const BY_CODE: Readonly<Record<string, (failure: Failure) => State>> = {
  connection_failed: ({ message }) => ({ kind: "offline", reason: message }),
  timeout: ({ message }) => ({ kind: "slow", reason: message }),
  unauthorized: ({ message }) => ({ kind: "wrongKey", reason: message }),
  rate_limit_exceeded: ({ retryAfter }) => ({ kind: "rateLimited", seconds: retryAfter ?? 60 }),
  overloaded: ({ message }) => ({ kind: "slow", reason: message }),
  storage_unavailable: ({ message }) => ({ kind: "unavailable", reason: message }),
  model_unavailable: ({ message }) => ({ kind: "unavailable", reason: message }),
  not_found: ({ message }) => ({ kind: "foreign", reason: message }),
  method_not_allowed: ({ message }) => ({ kind: "foreign", reason: message }),
  internal_error: (failure) => ({ kind: isProxys(failure) ? "unavailable" : "failed", reason: failure.message }),
};

/** What a proxy answers while it can't reach the server. */
function isProxys({ status }: Failure): boolean {
  return status === 502 || status === 503 || status === 504;
}

export function stateOfFailure(failure: Failure): State {
  const known = BY_CODE[failure.code];
  if (known) return known(failure);
  return { kind: "refused", reason: failure.message, suggestion: failure.suggestion };
}

/** A server that can't report its own health is not an SFM-2 server. */
export function stateOfFailedProbe(failure: Failure): State {
  const state = stateOfFailure(failure);
  return state.kind === "failed" ? { kind: "foreign", reason: state.reason } : state;
}

const ASKS: readonly Kind[] = ["checking", "ready", "degraded", "slow", "refused", "failed"];

/** Whether a key press may send a request; in the other states it would fail for the same reason. */
export function mayAsk(state: State): boolean {
  return ASKS.includes(state.kind);
}

/** Whether only an answered request shows that the state is over: `/health` does not know about it. */
export function outlivesHealth(state: State): boolean {
  return state.kind === "slow" || state.kind === "refused" || state.kind === "failed";
}

const QUIET = 30;
const SLOWEST = 15;

/** Seconds until the next check of the server, after `checks` that found the same trouble. */
export function nextCheck(state: State, checks: number): number {
  if (state.kind === "ready" || outlivesHealth(state)) return QUIET;
  if (state.kind === "rateLimited") return Math.max(1, state.seconds);
  return Math.min(SLOWEST, 2 ** Math.min(checks, 10));
}
