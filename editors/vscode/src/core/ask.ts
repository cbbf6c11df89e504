/** The client's answers and errors, in the words of this core. */
import type { Language, SFM2Client } from "sfm2-client";
import { SFM2Error } from "sfm2-client";
import type { Answer } from "./answer";
import { type Failure, RequestFailed } from "./failure";
import type { Health } from "./state";
import type { Request } from "./suggester";

// Seconds of writing: ghost text that comes later is not looked at any more.
const WRITING = 2;

/** Milliseconds for what the user has asked for and waits for. */
export const PATIENCE = 300_000;

/** Raises `RequestFailed`, or what `signal` was aborted with. */
export async function ask(client: SFM2Client, request: Request, signal: AbortSignal): Promise<Answer> {
  const { prefix, suffix, language, path, mode, maxLength, adapter } = request;
  const found = await told(
    client.complete(prefix, suffix, {
      language: language as Language | undefined,
      path,
      mode,
      maxLength,
      timeLimit: mode === "function" ? undefined : WRITING,
      adapter: adapter || undefined,
      signal,
      timeout: mode === "function" ? PATIENCE : undefined,
    }),
    signal,
  );
  const [failed] = found.fallback;
  return {
    id: found.id,
    text: found.completion,
    confidence: found.confidence,
    backend: found.modelUsed,
    ...(found.adapter && { adapter: found.adapter }),
    ...(found.weights && { weights: found.weights }),
    ...(failed && { fallback: `${failed.backend}: ${failed.message}` }),
  };
}

/** Raises as `ask` does. */
export async function healthOf(client: SFM2Client, signal: AbortSignal): Promise<Health> {
  const found = await told(client.health({ signal }), signal);
  return { status: found.status, models: found.modelStatus, details: found.modelDetails ?? {} };
}

/** What a call of the client gives; its errors become `RequestFailed`. */
export async function told<T>(call: Promise<T>, signal?: AbortSignal): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (signal?.aborted || !(error instanceof SFM2Error)) throw error;
    throw new RequestFailed(failureOf(error));
  }
}

export function failureOf(error: SFM2Error): Failure {
  const { code, message, suggestion, retryAfter } = error;
  return { code, message, suggestion, ...(retryAfter !== undefined && { retryAfter }) };
}
