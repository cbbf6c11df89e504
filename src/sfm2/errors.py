"""Everything that can go wrong, on one page.

    SFM2Error
      InvalidRequestError          422  a field is wrong; says which, and what was expected
        PromptTooLongError         413  prompt and window, in tokens
        AdapterError               422  there is no such adapter, or it was trained on other weights
        PayloadTooLargeError       413  body or batch over the limit
        MalformedRequestError      400  not JSON, not UTF-8
        UnsupportedMediaTypeError  415
      AuthenticationError          401  no API key, a wrong one, a revoked or an expired one
      PermissionDeniedError        403  the API key is valid, and has not the scope that this needs
      NotFoundError                404
      MethodNotAllowedError        405
      RateLimitError               429  `retry_after` seconds
      IdempotencyConflictError     409  another request came with this Idempotency-Key
      RequestInProgressError       409  the request with this Idempotency-Key is being answered
      ReplacedError                409  a newer request of the same session came before the answer
      ModelUnavailableError        503  no backend could answer; `fallback_model` names the last one tried
        OverloadedError            503  none in time: too much is asked at once, or more than can be written by then
        BackendError                    one backend failed; the chain asks the next
          BackendLoadingError           not ready yet
          BackendOverloadedError        too many requests at once
          BackendTimeoutError           no answer in time
            RequestTimeoutError         in the time that the request gives, which says nothing of the backend
          BackendNotConfiguredError     it has not been set up
          BackendUnavailableError       set up wrongly: a missing package, a file, a rejected key
          BackendUnsupportedError       it can't do this kind of work
          BackendRefusedError           it does not take valid values of this request; 422 when no other backend does
          BackendAdapterError           an adapter that is there fails to load or to work
          BackendInterruptedError       one of its engines failed in the middle of an answer; the others may do better
      StorageUnavailableError      503  keys, rates or feedback are needed, and the server's store can't be used
      StreamInterruptedError       502  the stream ended before its `done`
      ServerError                  500  a bug of ours
      APIConnectionError                the client could not reach the server
        APITimeoutError            504  or had no answer in the time that it gave
      ConfigError                       a configuration file or variable is wrong
      WeightsError                      weights missing, truncated, of the wrong digest or form
      RepositoryError                   a folder that can't be indexed: gone, a file, a bare repository
        RepositoryIndexError            the index's own file can't be read or written
      MissingExtraError                 a part that needs an extra

`code`, `status` and `suggestion` travel over the wire (`types.ErrorBody`; `error_tables.by_code` has the class of each
code). Decide by class or `code`, never by the text of a message.
"""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn

from sfm2.installation import command_for


class SFM2Error(Exception):
    """Base of all errors. `message` says what was wrong and what was expected, `suggestion` what to do."""

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    default_suggestion: ClassVar[str] = "Report this with the server's log"

    def __init__(
        self,
        message: str,
        *,
        suggestion: str | None = None,
        fallback_model: str | None = None,
        retry_after: float | None = None,
        details: dict[str, Any] | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.suggestion = suggestion or self.default_suggestion
        self.fallback_model = fallback_model
        self.retry_after = retry_after
        self.details = details or {}
        self.request_id = request_id

    @property
    def completion(self) -> NoReturn:
        """In the place of a batch's completion that failed: raises this error."""
        raise self

    generated_code = completion


class InvalidRequestError(SFM2Error):
    code = "invalid_request"
    status = 422
    default_suggestion = "Correct the named fields; /docs lists every field with its range"


class PromptTooLongError(InvalidRequestError):
    code = "prompt_too_long"
    status = 413
    default_suggestion = "Shorten the prompt, or raise models.sfm2.context if memory allows"


class AdapterError(InvalidRequestError):
    code = "adapter_error"
    default_suggestion = "`sfm2 adapters list` shows the adapters of this machine"


class PayloadTooLargeError(InvalidRequestError):
    code = "payload_too_large"
    status = 413
    default_suggestion = "Send less at once; `limits` in the configuration holds the limits"


class MalformedRequestError(InvalidRequestError):
    code = "malformed_request"
    status = 400
    default_suggestion = "Send a JSON object, encoded as UTF-8"


class UnsupportedMediaTypeError(InvalidRequestError):
    code = "unsupported_media_type"
    status = 415
    default_suggestion = "Send the header Content-Type: application/json"


class AuthenticationError(SFM2Error):
    code = "unauthorized"
    status = 401
    default_suggestion = (
        "Send a valid key as 'Authorization: Bearer KEY' or 'X-API-Key: KEY'; `sfm2 keys create` makes one"
    )


class PermissionDeniedError(SFM2Error):
    code = "forbidden"
    status = 403
    default_suggestion = "Use a key that has this scope; `sfm2 keys create --scope` makes one"


class NotFoundError(SFM2Error):
    code = "not_found"
    status = 404
    default_suggestion = "/docs lists the routes"


class MethodNotAllowedError(SFM2Error):
    code = "method_not_allowed"
    status = 405
    default_suggestion = "/docs lists the routes and their methods"


class RateLimitError(SFM2Error):
    code = "rate_limit_exceeded"
    status = 429
    default_suggestion = "Wait for the seconds in Retry-After"


class IdempotencyConflictError(SFM2Error):
    code = "idempotency_conflict"
    status = 409
    default_suggestion = "Send another request with another Idempotency-Key"


class RequestInProgressError(SFM2Error):
    code = "request_in_progress"
    status = 409
    default_suggestion = "Send it again in a moment to get its answer"


class ReplacedError(SFM2Error):
    code = "replaced"
    status = 409
    default_suggestion = "Nothing to do: the newer request is answered"


class ModelUnavailableError(SFM2Error):
    code = "model_unavailable"
    status = 503
    default_suggestion = "Check model health endpoint"


class OverloadedError(ModelUnavailableError):
    code = "overloaded"
    default_suggestion = "Wait for the seconds in Retry-After; ask for fewer tokens, or raise generation.timeout"


class BackendError(ModelUnavailableError):
    """One backend failed in a way another one may not.

    `reason` is the short word that responses carry; `counts` says whether the circuit breaker counts it as a failure.
    """

    reason: ClassVar[str] = "failed"
    counts: ClassVar[bool] = True


class BackendLoadingError(BackendError):
    reason = "loading"
    counts = False


class BackendOverloadedError(BackendError):
    reason = "overloaded"
    counts = False


class BackendTimeoutError(BackendError):
    reason = "timed_out"


class RequestTimeoutError(BackendTimeoutError):
    counts = False


class BackendNotConfiguredError(BackendError):
    reason = "not_configured"
    counts = False


class BackendUnavailableError(BackendError):
    reason = "unavailable"
    counts = False


class BackendUnsupportedError(BackendError):
    reason = "unsupported"
    counts = False


class BackendRefusedError(BackendError):
    reason = "refused"
    counts = False
    default_suggestion = InvalidRequestError.default_suggestion


class BackendAdapterError(BackendError):
    reason = "adapter_failed"
    counts = False
    default_suggestion = "Train the adapter again, or choose another; `sfm2 adapters list` shows those of this machine"


class BackendInterruptedError(BackendError):
    counts = False


class StorageUnavailableError(SFM2Error):
    """The store that holds keys, rates and feedback is locked, full, damaged, of another version, or has lost its keys."""

    code = "storage_unavailable"
    status = 503
    default_suggestion = "The server's log and `sfm2 health` have the cause; ask again when it is gone"


class StreamInterruptedError(SFM2Error):
    code = "stream_interrupted"
    status = 502
    default_suggestion = "Ask again; what has arrived so far is incomplete"


class ServerError(SFM2Error): ...


class APIConnectionError(SFM2Error):
    code = "connection_failed"
    status = 503
    default_suggestion = "Is the server running? `sfm2 serve` starts it; SFM2_API_URL says where it is"


class APITimeoutError(APIConnectionError):
    code = "timeout"
    status = 504
    default_suggestion = "Raise the client's timeout, or ask for fewer tokens"


class ConfigError(SFM2Error):
    code = "config_error"
    default_suggestion = "Correct what the message names; `sfm2 config show` prints all settings, and their origins"


class WeightsError(SFM2Error):
    code = "weights_error"
    default_suggestion = "`sfm2 models verify` checks the weights, `sfm2 models pull` fetches them"


class RepositoryError(SFM2Error):
    code = "repository_error"
    default_suggestion = "Name a folder that can be read: a git work tree, or any other with code"


class RepositoryIndexError(RepositoryError):
    code = "repository_index_error"
    default_suggestion = "The index can be removed at any time: it is built anew from the files"


class MissingExtraError(SFM2Error):
    code = "missing_extra"

    def __init__(self, what: str, extra: str | None = None, **known: Any) -> None:
        """`what` needs `extra`; without one (off the wire, unpickled), `what` is the whole message."""
        if extra is not None:
            what = f"{what} needs an extra that is not installed"
            known = {"suggestion": command_for(extra), **known}
        super().__init__(what, **known)
        self.extra = extra
