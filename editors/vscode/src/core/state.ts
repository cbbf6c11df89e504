/** How it stands with the server, and what follows from that. */
import type { Failure } from "./failure";

export type State =
  | { readonly kind: "checking" }
  | { readonly kind: "ready"; readonly model: string }
  | { readonly kind: "degraded"; readonly model: string; readonly reason: string }
  | { readonly kind: "loading"; readonly reason: string }
  | { readonly kind: "offline"; readonly reason: string }
  | { readonly kind: "foreign"; readonly reason: string }
  | { readonly kind: "wrongKey"; readonly reason: string }
  | { readonly kind: "rateLimited"; readonly seconds: number }
  | { readonly kind: "overloaded"; readonly reason: string }
  | { readonly kind: "slow"; readonly reason: string }
  | { readonly kind: "unavailable"; readonly reason: string }
  | { readonly kind: "refused"; readonly reason: string; readonly suggestion: string }
  | { readonly kind: "failed"; readonly reason: string };

type Kind = State["kind"];

/** What `/health` says, as far as it is looked at. */
export interface Health {
  readonly status: "healthy" | "degraded" | "unhealthy";
  readonly models: Readonly<Record<string, string>>;
  readonly details: Readonly<Record<string, string>>;
}

const FIRST = "sfm2";
const CAN_ANSWER = new Set(["available", "configured"]);

export function stateOfHealth(health: Health): State {
  const backends = Object.entries(health.models);
  const answering = backends.find(([, status]) => CAN_ANSWER.has(status))?.[0];
  const first = health.models[FIRST];
  const reason = health.details[FIRST] ?? "";
  if (health.status === "healthy") return { kind: "ready", model: modelOf(health, answering ?? FIRST) };
  if (first === "loading" && answering === undefined) return { kind: "loading", reason };
  if (health.status === "degraded" && answering) return { kind: "degraded", model: modelOf(health, answering), reason };
  const reasons = backends.map(([name]) => `${name}: ${health.details[name] ?? ""}`);
  return { kind: "unavailable", reason: reasons.join("; ") };
}

/** A backend that runs a model here says "MODEL on DEVICE". */
function modelOf(health: Health, backend: string): string {
  return /^(\S+) on \S+$/.exec(health.details[backend] ?? "")?.[1] ?? backend;
}

const BY_CODE: Readonly<Record<string, (failure: Failure) => State>> = {
  connection_failed: ({ message }) => ({ kind: "offline", reason: message }),
  timeout: ({ message }) => ({ kind: "slow", reason: message }),
  unauthorized: ({ message }) => ({ kind: "wrongKey", reason: message }),
  rate_limit_exceeded: ({ retryAfter }) => ({ kind: "rateLimited", seconds: retryAfter ?? 60 }),
  model_unavailable: ({ message }) => ({ kind: "unavailable", reason: message }),
  not_found: ({ message }) => ({ kind: "foreign", reason: message }),
  method_not_allowed: ({ message }) => ({ kind: "foreign", reason: message }),
  internal_error: ({ message }) => ({ kind: "failed", reason: message }),
};

export function stateOfFailure(failure: Failure): State {
  const known = BY_CODE[failure.code];
  if (known) return known(failure);
  return { kind: "refused", reason: failure.message, suggestion: failure.suggestion ?? "" };
}

/** A server that can't even say how it is, is none of ours. */
export function stateOfFailedProbe(failure: Failure): State {
  return failure.code === "internal_error" ? { kind: "foreign", reason: failure.message } : stateOfFailure(failure);
}

const ASKS: readonly Kind[] = ["checking", "ready", "degraded", "slow", "refused", "failed"];

/** Whether a key press may send a request; else it would be in vain. */
export function mayAsk(state: State): boolean {
  return ASKS.includes(state.kind);
}

/** Whether only an answered request shows that it is over: `/health` knows nothing of it. */
export function outlivesHealth(state: State): boolean {
  return state.kind === "slow" || state.kind === "refused" || state.kind === "failed";
}

const QUIET = 30;
const SLOWEST = 15;

/** Seconds until the server is looked at again, after `checks` that found the same trouble. */
export function nextCheck(state: State, checks: number): number {
  if (state.kind === "ready" || outlivesHealth(state)) return QUIET;
  if (state.kind === "rateLimited") return Math.max(1, state.seconds);
  return Math.min(SLOWEST, 2 ** Math.min(checks, 10));
}
