"""What middleware needs to know about a route, declared where the route is.

A router states the policy of its routes; `RouteTable` finds the policy that applies to a request.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fastapi import APIRouter
from starlette.routing import BaseRoute, Match, Mount
from starlette.types import ASGIApp, Scope

from sfm2.server.http.json_route import JSONRoute
from sfm2.server.http.protocol import ProtocolAdapter
from sfm2.types import KeyScope


@dataclass(frozen=True)
class RoutePolicy:
    """How middleware treats a route's requests."""

    protocol: ProtocolAdapter
    """The form of errors and rate-limit headers"""
    counted: bool = False
    """Whether requests count in `/stats`, and their completions can get feedback"""
    open: bool = False
    """Whether anyone may call it without an API key"""
    scope: KeyScope | None = KeyScope.GENERATE
    """What an API key must be good for to call it; None: any key will do. Where it is `admin`, a key is always needed, also
    where the server needs none otherwise"""
    limited: bool = True
    """Whether requests count against the rate limit, and are refused beyond it"""
    logged_at_debug: bool = False
    """Whether the request log has it at DEBUG only: probes come every few seconds"""


class ServiceRouter(APIRouter):
    """Routes, and folders of static files, that share one policy."""

    def __init__(self, policy: RoutePolicy, **options: Any) -> None:
        """`options` are FastAPI's for a router."""
        super().__init__(route_class=JSONRoute, **options)
        self.policy = policy
        self.static: list[Mount] = []

    def add_static(self, path: str, files: ASGIApp) -> None:
        """Serve static `files` under `path`."""
        self.static.append(Mount(path, files))


class RouteTable:
    """All routes of an app with their policies.

    An unknown path answers in the first of `protocols` that owns it, else in the last one.
    """

    def __init__(self, protocols: Sequence[ProtocolAdapter]) -> None:
        self.protocols = protocols
        self._entries: list[tuple[BaseRoute, RoutePolicy]] = []

    def add(self, routes: Iterable[BaseRoute], policy: RoutePolicy) -> None:
        """Declare `policy` for `routes`."""
        self._entries += [(route, policy) for route in routes]

    def find(self, scope: Scope) -> RoutePolicy:
        """The policy for a request.

        A path that is known with another method has its route's policy, but isn't counted. An unknown path needs a key, of
        any scope, is limited, and isn't counted.
        """
        partial: RoutePolicy | None = None
        for route, policy in self._entries:
            match, _ = route.matches(scope)
            if match is Match.FULL:
                return policy
            if match is Match.PARTIAL and partial is None:
                partial = replace(policy, counted=False)
        return partial or RoutePolicy(self._protocol_for(scope["path"]), scope=None)

    def methods(self, scope: Scope) -> list[str]:
        """The methods that a request's path has routes for."""
        found = (route for route, _ in self._entries if route.matches(scope)[0] is not Match.NONE)
        return sorted({method for route in found for method in getattr(route, "methods", None) or ()})

    def _protocol_for(self, path: str) -> ProtocolAdapter:
        return next((protocol for protocol in self.protocols if protocol.owns(path)), self.protocols[-1])
