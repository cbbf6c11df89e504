/** Arguments -> what is sent. Pure. */

import { InvalidRequestError } from "./errors.js";
import type { Path } from "./generated/openapi.js";
import { camelName, toWire } from "./naming.js";
import type { CallOptions, CompleteOptions, Hole, Outcome } from "./types.js";

/** One request. */
export interface Call {
  readonly method: "GET" | "POST";
  readonly path: Path;
  /** JSON. */
  readonly body?: string;
  /** Asking twice does not cost a model's work twice. */
  readonly repeatable?: boolean;
  /** A status of failure that is an answer here: no reason to ask again. */
  readonly answer?: number;
}

export const HEALTH: Call = { method: "GET", path: "/health", repeatable: true, answer: 503 };
export const READY: Call = { method: "GET", path: "/health/ready", repeatable: true, answer: 503 };
export const STATS: Call = { method: "GET", path: "/stats", repeatable: true };

/** `options` without those of the call itself. Throws `InvalidRequestError` for what JSON does not know. */
export function post(path: Path, fields: object, options: CallOptions): Call {
  const { signal: _signal, timeout: _timeout, maxRetries: _maxRetries, ...settings } = options;
  return { method: "POST", path, body: json({ ...toWire(settings), ...fields }) };
}

/** Twice says the same as once. */
export function feedback(id: string, outcome: Outcome): Call {
  return { method: "POST", path: "/feedback", body: json({ id, outcome }), repeatable: true };
}

/** The three ways to name a hole, as one. */
export function holeOf(
  hole: string | Hole,
  suffix: string | Omit<Hole, "prefix"> | undefined,
  options: CompleteOptions | undefined,
): Hole {
  if (typeof hole !== "string") return hole;
  if (typeof suffix === "object") return { ...suffix, prefix: hole };
  return { ...options, prefix: hole, suffix };
}

/** Throws `InvalidRequestError` for one text: it is iterable too, by characters. */
export function promptsOf(prompts: readonly string[]): readonly string[] {
  if (Array.isArray(prompts)) return prompts;
  throw new InvalidRequestError(`prompts: expected an array of texts, not one ${typeof prompts}`);
}

function json(body: object): string {
  try {
    return JSON.stringify(body, sound);
  } catch (error) {
    if (error instanceof InvalidRequestError) throw error;
    throw new InvalidRequestError("an argument is something that JSON can't hold", { cause: error });
  }
}

/** JSON would make null of NaN, and drop a function; and a number that is too large is not the one that was meant. */
function sound(name: string, value: unknown): unknown {
  const wrong =
    typeof value === "number"
      ? !Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value))
      : ["bigint", "function", "symbol"].includes(typeof value);
  if (!wrong) return value;
  const shown = typeof value === "number" ? value : `a ${typeof value}`;
  throw new InvalidRequestError(
    `${camelName(name)}: expected a text, a truth value or a number up to ${Number.MAX_SAFE_INTEGER}, not ${shown}`,
  );
}
