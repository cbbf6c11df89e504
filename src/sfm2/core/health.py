"""The health of a service from that of its backends. Pure, but for the clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal

import sfm2
from sfm2.config import BACKENDS
from sfm2.types import BackendHealth, BackendStatus, Health

CAN_ANSWER = (BackendStatus.AVAILABLE, BackendStatus.CONFIGURED)
_FOR_TESTS = ("echo",)  # shown only where it is in the chain


def health_of(chain: Mapping[str, BackendHealth]) -> Health:
    """`chain`: the health of each backend by name, in the order they are asked. Backends outside it are shown as well."""
    absent = BackendHealth(status=BackendStatus.NOT_CONFIGURED, reason="not in fallback.chain")
    known = [name for name in BACKENDS if name not in _FOR_TESTS]
    backends = {name: chain.get(name, absent) for name in dict.fromkeys((*known, *chain))}
    return Health(
        status=_overall([one.status for one in chain.values()]),
        model_status={name: one.status for name, one in backends.items()},
        model_details={name: one.reason for name, one in backends.items()},
        backends=backends,
        timestamp=datetime.now(UTC),
        version=sfm2.__version__,
    )


def _overall(statuses: Sequence[BackendStatus]) -> Literal["healthy", "degraded", "unhealthy"]:
    """Healthy: the first of the chain can answer. Degraded: another one can, or the first is loading."""
    if statuses[0] in CAN_ANSWER:
        return "healthy"
    if statuses[0] is BackendStatus.LOADING or any(status in CAN_ANSWER for status in statuses):
        return "degraded"
    return "unhealthy"
