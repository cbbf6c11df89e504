/** Status and body -> a value, or the error that the server meant. Pure. */

import {
  AuthenticationError,
  classOf,
  type ErrorFields,
  PayloadTooLargeError,
  RateLimitError,
  ServerError,
  type SFM2Error,
} from "./errors.js";
import { asMessage } from "./forms.js";
import { type Camel, fromWire } from "./naming.js";
import { retryAfter } from "./retry.js";
import type { Answers, Completion } from "./types.js";

/** A response that was read whole. */
export interface Received {
  readonly response: Response;
  readonly text: string;
}

const SHOWN = 200; // characters of a body that is not ours
// What a proxy's own status says for certain; any other says only that no answer of ours came.
const BY_STATUS: ReadonlyMap<number, typeof SFM2Error> = new Map([
  [401, AuthenticationError],
  [413, PayloadTooLargeError],
  [429, RateLimitError],
]);

/** The message. Throws the error that the response carries; `ServerError` for a body that is not ours. */
export function parse<Name extends keyof Answers>(name: Name, received: Received): Camel<Answers[Name]> {
  return fromWire(read(name, received));
}

/** As `parse`; the server says that it is not well with a status of failure, which is an answer and no error. */
export function parseProbe<Name extends "Health" | "Probe">(name: Name, received: Received): Camel<Answers[Name]> {
  const found = received.response.status === 503 ? asMessage(name, json(received.text)) : undefined;
  return found === undefined ? parse(name, received) : fromWire(found);
}

/** Throws the error that a response without content carries. */
export function check(received: Received): void {
  if (!received.response.ok) throw errorOf(received);
}

/** Answers, and errors in the place of those that failed. */
export function parseBatch(received: Received): (Completion | SFM2Error)[] {
  return read("Batch", received).results.map((item) => {
    const found = asMessage("Completion", item);
    if (found) return fromWire(found);
    const failed = asMessage("ErrorBody", item);
    if (failed) return fromBody(failed);
    throw foreign(received);
  });
}

function read<Name extends keyof Answers>(name: Name, received: Received): Answers[Name] {
  if (!received.response.ok) throw errorOf(received);
  const found = asMessage(name, json(received.text));
  if (found === undefined) throw foreign(received);
  return found;
}

/** The error in a response that is none of success. */
export function errorOf(received: Received): SFM2Error {
  const body = asMessage("ErrorBody", json(received.text));
  return body ? fromBody(body, fieldsOf(received.response)) : foreign(received);
}

/** The class of a code that we know, else `ServerError`, with the code in its details. */
export function fromBody(body: Answers["ErrorBody"], fields: ErrorFields = {}): SFM2Error {
  const known = classOf(body.error);
  return new (known ?? ServerError)(body.message, {
    ...fields,
    suggestion: body.suggestion,
    fallbackModel: body.fallback_used,
    details: known ? body.details : { code: body.error, ...body.details },
  });
}

/** Whether events follow; else the body is to be read whole, as an error. */
export function isEventStream(response: Response): boolean {
  return response.ok && (response.headers.get("Content-Type") ?? "").startsWith("text/event-stream");
}

/** Undefined: it is no JSON. */
export function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function fieldsOf(response: Response): ErrorFields {
  const { status, headers } = response;
  return { status, retryAfter: retryAfter(headers), requestId: headers.get("X-Request-ID") };
}

/** A proxy's page, a redirect, or another service at this address. */
function foreign({ response, text }: Received): SFM2Error {
  const { status } = response;
  const location = response.headers.get("Location");
  // A browser keeps a redirect's status and target to itself.
  const what = response.type === "opaqueredirect" ? "a redirect" : `status ${status}`;
  return new (BY_STATUS.get(status) ?? ServerError)(
    `the answer is not SFM-2's (${what}): ${JSON.stringify(text.trim().slice(0, SHOWN))}`,
    {
      ...fieldsOf(response),
      suggestion: "Is apiUrl the address of an SFM-2 server, and is a proxy in between?",
      details: { status, ...(location !== null && { location }) },
    },
  );
}
