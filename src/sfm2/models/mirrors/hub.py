"""The Hugging Face hub as a mirror.

`huggingface_hub` gives the file's URL and the access token. The download itself is done here: the library's own starts over
after its process was killed, and takes half a minute to notice that there is no network. This one resumes, and gives up
after `_PATIENCE` seconds.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

import httpx

from sfm2.errors import MissingExtraError
from sfm2.models.catalogue import CatalogueEntry, HubMirror
from sfm2.models.mirrors.failures import MirrorError, within
from sfm2.models.progress import Progress

_PATIENCE = 8.0  # seconds until the response begins
_READ_TIMEOUT = 30.0  # seconds without a byte
_CHUNK = 2**20  # bytes
_DIGEST_LENGTH = 64
_OK, _PARTIAL = 200, 206


def fetch(mirror: HubMirror, entry: CatalogueEntry, work: Path, progress: Progress) -> Path:
    """Download the file of `mirror` to `work/hub.gguf`, resuming a partial one. Errors: see `mirrors.fetch`."""
    url, headers = _request(mirror)
    target = work / "hub.gguf"
    target.touch()
    timeout = httpx.Timeout(_READ_TIMEOUT, connect=_PATIENCE)
    with httpx.Client(headers=headers, follow_redirects=True, timeout=timeout) as client, target.open("r+b") as file:
        try:
            _download(client, url, file, entry, progress)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise MirrorError(f"the connection failed: {error or type(error).__name__}") from error
        file.flush()
        os.fsync(file.fileno())
    return target


def _request(mirror: HubMirror) -> tuple[str, dict[str, str]]:
    """The file's URL and the request headers."""
    try:
        from huggingface_hub import constants, hf_hub_url
        from huggingface_hub.utils import build_hf_headers
    except ImportError as error:
        raise MissingExtraError("pulling weights from the hub", "engine") from error
    if constants.HF_HUB_OFFLINE:
        raise MirrorError("HF_HUB_OFFLINE is set")
    headers = {**build_hf_headers(library_name="sfm2"), "accept-encoding": "identity"}
    return hf_hub_url(mirror.repo, mirror.file, endpoint=mirror.endpoint), headers


def _download(client: httpx.Client, url: str, file: BinaryIO, entry: CatalogueEntry, progress: Progress) -> None:
    """Download until the file is complete. A broken connection is opened again as long as each one brings new bytes."""
    while (have := file.seek(0, os.SEEK_END)) < entry.bytes:
        try:
            _continue(client, url, file, entry, progress)
        except httpx.TransportError:
            if file.tell() <= have:
                raise


def _continue(client: httpx.Client, url: str, file: BinaryIO, entry: CatalogueEntry, progress: Progress) -> None:
    request = client.build_request("GET", url, headers={"range": f"bytes={file.tell()}-"})
    response = within(_PATIENCE, lambda: client.send(request, stream=True))
    try:
        _check(response, entry)
        if response.status_code != _PARTIAL and file.tell():  # the server ignored the range and sends the whole file
            progress("it cannot resume: the download starts over", 0, 0)
            file.seek(0)
            file.truncate()
        for chunk in response.iter_bytes(_CHUNK):
            file.write(chunk)
            progress("downloading", min(file.tell(), entry.bytes), entry.bytes)
            if file.tell() > entry.bytes:
                break
    finally:
        response.close()
    if file.tell() != entry.bytes:
        raise MirrorError(f"it sent {file.tell():,} bytes, expected {entry.bytes:,}")


def _check(response: httpx.Response, entry: CatalogueEntry) -> None:
    if response.status_code not in (_OK, _PARTIAL):
        raise MirrorError(f"it answered {response.status_code} {response.reason_phrase}")
    digest = _announced_digest(response)
    if digest not in (None, entry.sha256):
        raise MirrorError(f"its file has the SHA-256 {digest}, expected {entry.sha256}")


def _announced_digest(response: httpx.Response) -> str | None:
    """The SHA-256 that the hub sends as the ETag of a large file, in the first response, before the redirect."""
    for answer in (*response.history, response):
        tag: str = answer.headers.get("x-linked-etag", "").strip('"')
        if len(tag) == _DIGEST_LENGTH:
            return tag
    return None
