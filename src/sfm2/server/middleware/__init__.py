"""What surrounds every request, outermost first. Pure ASGI, so that streams pass through as they come."""

from sfm2.server.middleware.admission import CORS, Authenticate, BodyLimit, HostCheck, RateLimit
from sfm2.server.middleware.error_handler import ErrorHandler
from sfm2.server.middleware.idempotency import Idempotency
from sfm2.server.middleware.recording import RequestLog, UsageRecorder
from sfm2.server.middleware.tracing import Tracing
from sfm2.server.middleware.turnstile import Turnstile

# Outside of `ErrorHandler` is what errors need too: the id, the CORS headers, the statistics.
ORDER = (
    *(RequestLog, Turnstile, Tracing, CORS, UsageRecorder, ErrorHandler),
    *(HostCheck, BodyLimit, Authenticate, RateLimit, Idempotency),
)

__all__ = ["ORDER"]
