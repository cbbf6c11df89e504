"""What surrounds every request, outermost first. Pure ASGI, so that streams pass through as they come."""

from sfm2.server.middleware.access import Access
from sfm2.server.middleware.authenticate import Authenticate
from sfm2.server.middleware.body_limit import BodyLimit
from sfm2.server.middleware.counting import Counting
from sfm2.server.middleware.failures import Failures
from sfm2.server.middleware.hosts import Hosts
from sfm2.server.middleware.origins import Origins
from sfm2.server.middleware.rate_limit import RateLimit

ORDER = (Access, Origins, Counting, Failures, Hosts, BodyLimit, Authenticate, RateLimit)

__all__ = ["ORDER"]
