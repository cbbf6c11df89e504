/** What a client is made of, checked once. */

import { InvalidRequestError } from "./errors.js";
import type { RetryPolicy } from "./retry.js";
import type { CallOptions } from "./types.js";
import { VERSION } from "./version.js";

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface ClientOptions {
  /** Default: SFM2_API_URL of the environment, else http://localhost:8000. */
  apiUrl?: string | undefined;
  /** Default: SFM2_API_KEY of the environment. */
  apiKey?: string | undefined;
  /** Milliseconds: the longest wait for the next byte. Default: 60,000. */
  timeout?: number | undefined;
  /** After the first try. Default: 2. */
  maxRetries?: number | undefined;
  /** Your own, for a proxy or certificates. */
  fetch?: Fetch | undefined;
  /** Sent with each request, in place of the client's own of the same name. */
  headers?: Readonly<Record<string, string>> | undefined;
}

/** How patient a call is. */
export interface Limits {
  /** Milliseconds. */
  readonly timeout: number;
  readonly policy: RetryPolicy;
}

export interface Options extends Limits {
  /** Without a user, a password, and a slash at its end. */
  readonly url: string;
  readonly headers: Headers;
  readonly fetch: Fetch;
}

/** Throws `InvalidRequestError` that names the option. */
export function checked(given: ClientOptions): Options {
  const environment = environmentOf(globalThis);
  const url = address(given.apiUrl || environment.SFM2_API_URL || "http://localhost:8000");
  const { username, password } = url;
  // fetch refuses an address with a user in it, who travels as a header then.
  url.username = "";
  url.password = "";
  return {
    url: url.href.replace(/\/+$/, ""),
    headers: headersOf(
      key(given.apiKey || environment.SFM2_API_KEY || ""),
      username || password ? `${decodeURIComponent(username)}:${decodeURIComponent(password)}` : "",
      given.headers ?? {},
    ),
    timeout: milliseconds(given.timeout ?? 60_000),
    policy: { retries: wholeNumber("maxRetries", given.maxRetries ?? 2), jitter: Math.random },
    fetch: given.fetch ?? globalFetch,
  };
}

/** A call's own limits, where it has some. Throws `InvalidRequestError`. */
export function limitsOf(options: Limits, call: CallOptions): Limits {
  return {
    timeout: call.timeout === undefined ? options.timeout : milliseconds(call.timeout),
    policy:
      call.maxRetries === undefined
        ? options.policy
        : { ...options.policy, retries: wholeNumber("maxRetries", call.maxRetries) },
  };
}

// Called as a function of its own: browsers refuse `fetch` as another object's method.
const globalFetch: Fetch = (url, init) => fetch(url, init);

function headersOf(apiKey: string, userinfo: string, more: Readonly<Record<string, string>>): Headers {
  const headers = new Headers();
  if (inNode(globalThis)) headers.set("User-Agent", `sfm2-js/${VERSION}`);
  if (userinfo) headers.set("Authorization", `Basic ${base64(userinfo)}`);
  if (apiKey) headers.set(...keyHeader(apiKey, userinfo !== ""));
  try {
    for (const [name, value] of Object.entries(more)) headers.set(name, value);
  } catch (cause) {
    throw new InvalidRequestError("headers: expected names and values that a header can carry", { cause });
  }
  return headers;
}

/** A proxy's user and password take the usual header. */
function keyHeader(apiKey: string, taken: boolean): [string, string] {
  return taken ? ["X-API-Key", apiKey] : ["Authorization", `Bearer ${apiKey}`];
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

function address(text: string): URL {
  const wanted = "apiUrl: expected http://HOST or https://HOST, perhaps with a port and a path";
  let url: URL;
  try {
    url = new URL(text.trim());
    decodeURIComponent(url.username + url.password);
  } catch (cause) {
    throw new InvalidRequestError(wanted, { cause });
  }
  if (!["http:", "https:"].includes(url.protocol) || url.search || url.hash) throw new InvalidRequestError(wanted);
  return url;
}

/** Without the line end that files have. What no header can carry is refused here: another's error would show it. */
function key(text: string): string {
  const found = text.trim();
  if (!/^[\x20-\x7e]*$/.test(found)) throw new InvalidRequestError("apiKey: expected printable ASCII characters");
  return found;
}

function milliseconds(value: number): number {
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidRequestError(`timeout: expected milliseconds, more than 0, not ${value}`);
}

function wholeNumber(name: string, value: number): number {
  if (Number.isInteger(value) && value >= 0) return value;
  throw new InvalidRequestError(`${name}: expected a whole number from 0, not ${value}`);
}

interface Runtime {
  process?: { env?: Readonly<Record<string, string | undefined>>; versions?: { node?: string } };
}

function environmentOf(runtime: object): Readonly<Record<string, string | undefined>> {
  return (runtime as Runtime).process?.env ?? {};
}

function inNode(runtime: object): boolean {
  return (runtime as Runtime).process?.versions?.node !== undefined;
}
