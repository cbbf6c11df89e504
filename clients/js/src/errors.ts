/**
 * Everything that can go wrong: the classes of `sfm2.errors` that reach a client. Decide by class or `code`, never by the
 * text of a message.
 */

export interface ErrorFields {
  suggestion?: string | null | undefined;
  fallbackModel?: string | null | undefined;
  retryAfter?: number | undefined;
  details?: Record<string, unknown> | undefined;
  requestId?: string | null | undefined;
  status?: number | undefined;
  cause?: unknown;
}

/** Base of all errors. `message` says what was wrong and what was expected, `suggestion` what to do. */
export class SFM2Error extends Error {
  // Not the class's own name, which minifiers change.
  static readonly title: string = "SFM2Error";
  static readonly code: string = "internal_error";
  static readonly status: number = 500;
  static readonly suggestion: string = "Report this with the server's log";

  /** The error code on the wire. */
  readonly code: string;
  /** The response's status; where there was none, the usual one of this error. */
  readonly status: number;
  readonly suggestion: string;
  /** The last backend that was tried in SFM-2's place. */
  readonly fallbackModel: string | undefined;
  /** Seconds that the server asks to wait. */
  readonly retryAfter: number | undefined;
  readonly details: Readonly<Record<string, unknown>>;
  /** The id of this request in the server's log. */
  readonly requestId: string | undefined;

  constructor(message: string, fields: ErrorFields = {}) {
    super(message, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.name = new.target.title;
    this.code = new.target.code;
    this.status = fields.status ?? new.target.status;
    this.suggestion = fields.suggestion ?? new.target.suggestion;
    this.fallbackModel = fields.fallbackModel ?? undefined;
    this.retryAfter = fields.retryAfter;
    this.details = fields.details ?? {};
    this.requestId = fields.requestId ?? undefined;
  }

  /** `fallbackModel`, as the wire calls it. */
  get fallbackUsed(): string | undefined {
    return this.fallbackModel;
  }
}

/** A field is wrong; says which, and what was expected. */
export class InvalidRequestError extends SFM2Error {
  static override readonly title: string = "InvalidRequestError";
  static override readonly code: string = "invalid_request";
  static override readonly status: number = 422;
  static override readonly suggestion: string = "Correct the named fields; /docs lists every field with its range";
}

/** Says how long prompt and window are, in tokens. */
export class PromptTooLongError extends InvalidRequestError {
  static override readonly title: string = "PromptTooLongError";
  static override readonly code: string = "prompt_too_long";
  static override readonly status: number = 413;
  static override readonly suggestion: string = "Shorten the prompt, or raise models.sfm2.context if memory allows";
}

/** No such adapter, or one for other weights. */
export class AdapterError extends InvalidRequestError {
  static override readonly title: string = "AdapterError";
  static override readonly code: string = "adapter_error";
  static override readonly suggestion: string = "`sfm2 adapters list` shows the adapters of the server's machine";
}

/** Body or batch over the limit. */
export class PayloadTooLargeError extends InvalidRequestError {
  static override readonly title: string = "PayloadTooLargeError";
  static override readonly code: string = "payload_too_large";
  static override readonly status: number = 413;
  static override readonly suggestion: string = "Send less at once; `limits` in the configuration holds the limits";
}

/** Not JSON, not UTF-8. */
export class MalformedRequestError extends InvalidRequestError {
  static override readonly title: string = "MalformedRequestError";
  static override readonly code: string = "malformed_request";
  static override readonly status: number = 400;
  static override readonly suggestion: string = "Send a JSON object, encoded as UTF-8";
}

export class UnsupportedMediaTypeError extends InvalidRequestError {
  static override readonly title: string = "UnsupportedMediaTypeError";
  static override readonly code: string = "unsupported_media_type";
  static override readonly status: number = 415;
  static override readonly suggestion: string = "Send the header Content-Type: application/json";
}

/** No key, a wrong one, a revoked or an expired one. */
export class AuthenticationError extends SFM2Error {
  static override readonly title: string = "AuthenticationError";
  static override readonly code: string = "unauthorized";
  static override readonly status: number = 401;
  static override readonly suggestion: string = "Give a valid key as apiKey; `sfm2 keys create` makes one";
}

/** The key is valid, and has not the scope that this needs. */
export class PermissionDeniedError extends SFM2Error {
  static override readonly title: string = "PermissionDeniedError";
  static override readonly code: string = "forbidden";
  static override readonly status: number = 403;
  static override readonly suggestion: string = "Use a key that has this scope; `sfm2 keys create --scope` makes one";
}

export class NotFoundError extends SFM2Error {
  static override readonly title: string = "NotFoundError";
  static override readonly code: string = "not_found";
  static override readonly status: number = 404;
  static override readonly suggestion: string = "/docs lists the routes";
}

export class MethodNotAllowedError extends SFM2Error {
  static override readonly title: string = "MethodNotAllowedError";
  static override readonly code: string = "method_not_allowed";
  static override readonly status: number = 405;
  static override readonly suggestion: string = "/docs lists the routes and their methods";
}

/** Too many requests; in `retryAfter` seconds there is room again. */
export class RateLimitError extends SFM2Error {
  static override readonly title: string = "RateLimitError";
  static override readonly code: string = "rate_limit_exceeded";
  static override readonly status: number = 429;
  static override readonly suggestion: string = "Wait for the seconds in retryAfter";
}

/** Another request came with this `Idempotency-Key`. */
export class IdempotencyConflictError extends SFM2Error {
  static override readonly title: string = "IdempotencyConflictError";
  static override readonly code: string = "idempotency_conflict";
  static override readonly status: number = 409;
  static override readonly suggestion: string = "Send another request with another Idempotency-Key";
}

/** The request with this `Idempotency-Key` is being answered; in `retryAfter` seconds its answer may be there. */
export class RequestInProgressError extends SFM2Error {
  static override readonly title: string = "RequestInProgressError";
  static override readonly code: string = "request_in_progress";
  static override readonly status: number = 409;
  static override readonly suggestion: string = "Send it again in a moment to get its answer";
}

/** A newer request of the same session came before the answer. */
export class ReplacedError extends SFM2Error {
  static override readonly title: string = "ReplacedError";
  static override readonly code: string = "replaced";
  static override readonly status: number = 409;
  static override readonly suggestion: string = "Nothing to do: the newer request is answered";
}

/** No backend could answer; `fallbackModel` names the last one tried. */
export class ModelUnavailableError extends SFM2Error {
  static override readonly title: string = "ModelUnavailableError";
  static override readonly code: string = "model_unavailable";
  static override readonly status: number = 503;
  static override readonly suggestion: string = "Check model health endpoint";
}

/** The server works, and could not answer in time. Asking again at once makes it worse. */
export class OverloadedError extends ModelUnavailableError {
  static override readonly title: string = "OverloadedError";
  static override readonly code: string = "overloaded";
  static override readonly suggestion: string =
    "Wait for the seconds in retryAfter; ask for fewer tokens, or raise generation.timeout of the server";
}

/** The server's store of keys, rates and feedback is locked, full, damaged, of another version, or has lost its keys. */
export class StorageUnavailableError extends SFM2Error {
  static override readonly title: string = "StorageUnavailableError";
  static override readonly code: string = "storage_unavailable";
  static override readonly status: number = 503;
  static override readonly suggestion: string =
    "The server's log and `sfm2 health` have the cause; ask again when it is gone";
}

/** The stream ended before its `done`. */
export class StreamInterruptedError extends SFM2Error {
  static override readonly title: string = "StreamInterruptedError";
  static override readonly code: string = "stream_interrupted";
  static override readonly status: number = 502;
  static override readonly suggestion: string = "Ask again; what has arrived so far is incomplete";
}

/** The server failed, or what answered is no SFM-2 server. */
export class ServerError extends SFM2Error {
  static override readonly title: string = "ServerError";
}

/** The server could not be reached. */
export class APIConnectionError extends SFM2Error {
  static override readonly title: string = "APIConnectionError";
  static override readonly code: string = "connection_failed";
  static override readonly status: number = 503;
  static override readonly suggestion: string =
    "Is the server running? `sfm2 serve` starts it; apiUrl or SFM2_API_URL says where it is";
}

/** It gave no answer in time. */
export class APITimeoutError extends APIConnectionError {
  static override readonly title: string = "APITimeoutError";
  static override readonly code: string = "timeout";
  static override readonly status: number = 504;
  static override readonly suggestion: string = "Raise the client's timeout, or ask for fewer tokens";
}

/** A configuration file or variable of the server is wrong. */
export class ConfigError extends SFM2Error {
  static override readonly title: string = "ConfigError";
  static override readonly code: string = "config_error";
  static override readonly suggestion: string =
    "`sfm2 config show` prints every setting of the server and where it came from";
}

/** The server's weights are missing, truncated, of the wrong digest or form. */
export class WeightsError extends SFM2Error {
  static override readonly title: string = "WeightsError";
  static override readonly code: string = "weights_error";
  static override readonly suggestion: string =
    "`sfm2 models verify` checks the weights, `sfm2 models pull` fetches them";
}

/** A folder on the server that can't be indexed: gone, a file, a bare repository. */
export class RepositoryError extends SFM2Error {
  static override readonly title: string = "RepositoryError";
  static override readonly code: string = "repository_error";
  static override readonly suggestion: string =
    "Name a folder that can be read: a git work tree, or any other with code";
}

/** The file of a repository's index can't be read or written. */
export class RepositoryIndexError extends RepositoryError {
  static override readonly title: string = "RepositoryIndexError";
  static override readonly code: string = "repository_index_error";
  static override readonly suggestion: string = "The index can be removed at any time: it is built anew from the files";
}

/** A part of SFM-2 is not installed on the server. */
export class MissingExtraError extends SFM2Error {
  static override readonly title: string = "MissingExtraError";
  static override readonly code: string = "missing_extra";
}

const CLASSES: readonly (typeof SFM2Error)[] = [
  ServerError,
  InvalidRequestError,
  PromptTooLongError,
  AdapterError,
  PayloadTooLargeError,
  MalformedRequestError,
  UnsupportedMediaTypeError,
  AuthenticationError,
  PermissionDeniedError,
  NotFoundError,
  MethodNotAllowedError,
  RateLimitError,
  IdempotencyConflictError,
  RequestInProgressError,
  ReplacedError,
  ModelUnavailableError,
  OverloadedError,
  StorageUnavailableError,
  StreamInterruptedError,
  APIConnectionError,
  APITimeoutError,
  ConfigError,
  WeightsError,
  RepositoryError,
  RepositoryIndexError,
  MissingExtraError,
];

const BY_CODE: ReadonlyMap<string, typeof SFM2Error> = new Map(CLASSES.map((one) => [one.code, one]));

/** The class of a code of the wire; undefined: a newer server's. */
export function classOf(code: string): typeof SFM2Error | undefined {
  return BY_CODE.get(code);
}
