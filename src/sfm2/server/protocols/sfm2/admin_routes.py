"""The admin API: keys, and the log of what was done to them. Never without a key that has the scope `admin`."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import Depends, Query, Request

from sfm2.models.adapters import NONE, AdapterStore
from sfm2.server.http.context import RequestContext
from sfm2.server.http.documentation import error_responses
from sfm2.server.http.routing import RoutePolicy, ServiceRouter
from sfm2.server.protocols.sfm2.protocol import SFM2
from sfm2.server.state import AppStateDep
from sfm2.server.usage.key_memory import KeyMemory
from sfm2.server.usage.key_records import Actor, Key
from sfm2.server.usage.keys import Keys
from sfm2.server.usage.tables import StoreTables
from sfm2.types import (
    AuditLog,
    AuditRequest,
    CreateKeyRequest,
    KeyInfo,
    KeyList,
    KeyScope,
    NewKey,
    RotateKeyRequest,
)

_log = logging.getLogger("sfm2.audit")


def _never_stored(request: Request) -> None:
    """Answers hold secrets: no cache may keep them."""
    RequestContext.of(request.scope).headers["Cache-Control"] = "no-store"


router = ServiceRouter(
    RoutePolicy(SFM2, scope=KeyScope.ADMIN), prefix="/admin", tags=["admin"], dependencies=[Depends(_never_stored)]
)
# What changes keys is waited for to the end: a request that was given up may have been done all the same.
_ERRORS: tuple[int, ...] = (401, 403, 422, 429, 500, 503)
_BODY_ERRORS = (400, 413, 415, *_ERRORS)


@router.get("/keys", responses=error_responses(401, 403, 429, 500, 503))
async def list_keys(state: AppStateDep) -> KeyList:
    """All API keys, revoked and expired ones too; never the keys themselves."""
    return KeyList(keys=[_shown(key) for key in await state.reading.run(lambda store: Keys(store).all())])


@router.post("/keys", status_code=201, responses=error_responses(*_BODY_ERRORS))
async def create_key(body: CreateKeyRequest, request: Request, state: AppStateDep) -> NewKey:
    """Make an API key. It is shown in this answer only; the server keeps its hash."""
    if body.adapter not in (None, NONE):
        await asyncio.to_thread(AdapterStore(state.settings.storage.data_dir).find, body.adapter)
    by, memory = _actor(request), KeyMemory.of(state.settings.storage)

    def create(store: StoreTables) -> tuple[Key, str]:
        return Keys(store, memory).create(
            body.name, body.rate, body.adapter, scopes=body.scopes, lifetime=body.expires_in, by=by
        )

    key, text = await state.writing.run_to_end(create)
    _write("create", key, by)
    return NewKey(key=_shown(key), api_key=text)


@router.post("/keys/{key_id}/rotate", responses=error_responses(404, *_BODY_ERRORS))
async def rotate_key(key_id: str, body: RotateKeyRequest, request: Request, state: AppStateDep) -> NewKey:
    """Give a key another secret. Its id, name, rate, adapter and scopes stay.

    The present secret works for `grace` seconds more; the one before it no more.
    """
    by = _actor(request)
    key, text = await state.writing.run_to_end(
        lambda store: Keys(store).rotate(key_id, grace=body.grace, lifetime=body.expires_in, by=by)
    )
    _write("rotate", key, by)
    return NewKey(key=_shown(key), api_key=text)


@router.post("/keys/{key_id}/revoke", responses=error_responses(401, 403, 404, 429, 500, 503))
async def revoke_key(key_id: str, request: Request, state: AppStateDep) -> KeyInfo:
    """Invalidate a key, from now on and for good. Again is harmless."""
    by = _actor(request)
    key = await state.writing.run_to_end(lambda store: Keys(store).revoke(key_id, by))
    _write("revoke", key, by)
    return _shown(key)


@router.get("/audit", responses=error_responses(*_ERRORS))
async def audit(asked: Annotated[AuditRequest, Query()], state: AppStateDep) -> AuditLog:
    """What was done to keys, over HTTP and on the command line, the newest first."""
    return AuditLog(entries=await state.reading.run(lambda store: Keys(store).log(asked.limit, asked.before)))


def _actor(request: Request) -> Actor:
    key = RequestContext.of(request.scope).key
    return Actor(key.id if key else None, address=request.client.host if request.client else None)


def _write(action: str, key: Key, by: Actor) -> None:
    """The log of the server has it too: whoever can change the store can't change that."""
    _log.info("%s key %s by key %s from %s", action, key.id, by.key_id, by.address)


def _shown(key: Key) -> KeyInfo:
    fields: dict[str, Any] = asdict(key)
    return KeyInfo(**fields)
