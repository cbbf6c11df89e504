/** What went wrong with a request, in the words of the client and the server. */
export interface Failure {
  /** The error code to decide by, such as `unauthorized`. */
  readonly code: string;
  readonly message: string;
  readonly suggestion?: string;
  /** Seconds. */
  readonly retryAfter?: number;
}

export class RequestFailed extends Error {
  constructor(readonly failure: Failure) {
    super(failure.message);
  }
}
