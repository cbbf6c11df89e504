/**
 * Whether to ask again, and after how long, as the Python SDK does. Pure.
 *
 * Full jitter between nothing and a bound that doubles (M. Brooker, "Exponential Backoff And Jitter", AWS, 2015). A
 * server's `Retry-After` goes before that.
 */

export const FIRST_BOUND = 0.5; // seconds
export const LAST_BOUND = 8; // seconds
export const LONGEST_WAIT = 60; // seconds; a server that wants more gets no second request
export const SLOW = 5; // seconds; a refusal that took longer has cost a model's work, and asking again would multiply the load
const REFUSED: ReadonlySet<number> = new Set([408, 409, 429, 503]); // nothing was done yet, where it came quickly
const CONFLICT = 409; // goes away where the server says when; else another request has taken the place of this one
const FAILED: ReadonlySet<number> = new Set([500, 502, 504]); // something may have been

export interface RetryPolicy {
  /** After the first try. */
  readonly retries: number;
  /** Gives numbers in [0, 1). */
  readonly jitter: () => number;
}

/** Seconds to wait before asking again; undefined: don't. `attempt` counts from 0; the response took `took` seconds. */
export function afterResponse(
  policy: RetryPolicy,
  attempt: number,
  response: Pick<Response, "status" | "headers">,
  repeatable: boolean,
  took: number,
): number | undefined {
  const refused = REFUSED.has(response.status) && (repeatable || took < SLOW);
  if (!refused && !(repeatable && FAILED.has(response.status))) return undefined;
  const asked = retryAfter(response.headers);
  return response.status === CONFLICT && asked === undefined ? undefined : wait(policy, attempt, asked);
}

/** Asking again when a server was silent would double a model's work: only what never reached it is sent again. */
export function afterError(
  policy: RetryPolicy,
  attempt: number,
  error: unknown,
  repeatable: boolean,
): number | undefined {
  return repeatable || neverSent(error) ? wait(policy, attempt, undefined) : undefined;
}

/** Seconds that a server asks to wait: `retry-after-ms`, or `Retry-After` as seconds or a date. Undefined: it says nothing. */
export function retryAfter(headers: Headers, now: () => number = Date.now): number | undefined {
  const milliseconds = number(headers.get("retry-after-ms"));
  if (milliseconds !== undefined) return milliseconds / 1000;
  const text = headers.get("retry-after");
  const seconds = number(text);
  if (seconds !== undefined || !text) return seconds;
  const date = dated(text);
  return Number.isNaN(date) ? undefined : Math.max(0, (date - now()) / 1000);
}

/** What Node says of the network below `fetch`: the first cause, where each address of a host has its own. */
export function causeOf(error: unknown): { message?: unknown; syscall?: unknown; code?: unknown } | undefined {
  const cause: unknown = error instanceof Error ? error.cause : undefined;
  if (typeof cause !== "object" || cause === null) return undefined;
  return "errors" in cause && Array.isArray(cause.errors) ? cause.errors[0] : cause;
}

/** Whether there was no connection. Only Node reports that; in a browser the request may have been sent. */
function neverSent(error: unknown): boolean {
  const cause = causeOf(error);
  return cause?.syscall === "connect" || cause?.syscall === "getaddrinfo" || cause?.code === "UND_ERR_CONNECT_TIMEOUT";
}

function wait(policy: RetryPolicy, attempt: number, asked: number | undefined): number | undefined {
  if (attempt >= policy.retries || (asked !== undefined && asked > LONGEST_WAIT)) return undefined;
  const backoff = policy.jitter() * Math.min(LAST_BOUND, FIRST_BOUND * 2 ** Math.min(attempt, 16));
  return (asked ?? 0) + backoff;
}

function number(text: string | null): number | undefined {
  const value = text !== null && /^\s*\d+(\.\d*)?\s*$/.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : undefined;
}

/** `Date.parse` reads far more than dates: those of HTTP begin with a day of the week, and are in UTC. */
function dated(text: string): number {
  if (!/^\s*(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text)) return Number.NaN;
  return Date.parse(/GMT|UTC|[+-]\d{4}\s*$/.test(text) ? text : `${text} GMT`);
}
