import type { ErrorBody } from "./wire.ts";

/** No answer: the server is down, or the network to it. */
export class Unreachable extends Error {}

/** An answer that says no. `retryAfter` is in seconds. */
export class Refused extends Error {
  readonly status: number;
  readonly body: ErrorBody;
  readonly retryAfter: number | null;

  constructor(status: number, body: ErrorBody, retryAfter: number | null) {
    super(body.message);
    this.status = status;
    this.body = body;
    this.retryAfter = retryAfter;
  }
}
