// The routes that the page needs and the client does not have.
import {
  APIConnectionError,
  AuthenticationError,
  type Language,
  PermissionDeniedError,
  RateLimitError,
  ServerError,
} from "sfm2-client";
import type { Key } from "./key.ts";

const TIMEOUT = 10_000; // ms
const ENOUGH = 20_000; // characters of code that tell its language

/** Methods throw as the client does. */
export class Routes {
  #base: string;
  #key: Key;

  constructor(base: string, key: Key) {
    this.#base = base;
    this.#key = key;
  }

  /** The adapters that the server has: OpenAI's protocol names them among the models. */
  async adapters(): Promise<string[]> {
    const { data } = await this.#ask<{ data?: { id: string }[] }>("v1/models");
    return (data ?? []).map(({ id }) => id.split(":")[1]).filter((name) => name !== undefined);
  }

  /** The language that code is in; null where it can't be told. */
  async languageOf(code: string): Promise<Language | null> {
    const body = JSON.stringify({ code: code.slice(0, ENOUGH).toWellFormed() });
    return (await this.#ask<{ language: Language | null }>("language", body)).language;
  }

  async #ask<Answer>(route: string, body?: string): Promise<Answer> {
    const key = this.#key.value;
    const response = await fetch(new URL(route, this.#base), {
      headers: {
        ...(key ? { Authorization: `Bearer ${key}` } : {}),
        ...(body ? { "Content-Type": "application/json" } : {}),
      },
      ...(body ? { method: "POST", body } : {}),
      cache: "no-store",
      signal: AbortSignal.timeout(TIMEOUT),
    }).catch((cause: unknown) => {
      throw new APIConnectionError("the server does not answer", { cause });
    });
    if (!response.ok) throw refusal(response, route);
    return response.json();
  }
}

function refusal({ status, headers }: Response, route: string): Error {
  const message = `the server answered ${status} at /${route}`;
  const retryAfter = Number.parseFloat(headers.get("Retry-After") ?? "");
  if (status === 401) return new AuthenticationError(message, { status });
  if (status === 403) return new PermissionDeniedError(message, { status });
  if (status === 429)
    return new RateLimitError(message, { status, retryAfter: retryAfter >= 0 ? retryAfter : undefined });
  return new ServerError(message, { status });
}
