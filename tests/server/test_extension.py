"""The VS Code extension is handed out to everybody, or it is said how to build it. A real one: tests/test_packaging.py."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from fastapi import FastAPI

from sfm2.server import app as app_module
from sfm2.server.app import create_app
from sfm2.server.editors.routes import editors_router
from sfm2.server.openapi import document
from tests.server.live import live, settings_for

PATH = "/editors/sfm2.vsix"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "packed" / "sfm2.vsix"


@pytest.fixture
def app(tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch) -> FastAPI:
    """A server that wants a key, and looks for the extension at `file`."""
    monkeypatch.setattr(app_module, "editors_router", lambda: editors_router(file))
    return create_app(settings_for(tmp_path, api={"require_key": True}, limits={"rate": "1/minute"}))


def test_where_it_was_not_built_the_answer_says_how_to(app: FastAPI) -> None:
    with live(app) as client:
        answer = client.get(PATH)
        assert (answer.status_code, answer.json()["error"]) == (404, "not_found")
        assert "make dist" in answer.json()["suggestion"]
        assert client.head(PATH).status_code == 404


def test_it_comes_without_a_key_whole_and_is_asked_for_anew(app: FastAPI, file: Path) -> None:
    with live(app) as client:
        file.parent.mkdir()
        with zipfile.ZipFile(file, "w") as packed:
            packed.writestr("extension.vsixmanifest", "<PackageManifest/>")
        for _ in range(2):
            answer = client.get(PATH)
            assert (answer.status_code, answer.content) == (200, file.read_bytes())
        assert answer.headers["content-type"] == "application/vsix"
        assert answer.headers["content-disposition"] == 'attachment; filename="sfm2.vsix"'
        assert answer.headers["cache-control"] == "no-cache"
        head = client.head(PATH)
        assert (head.status_code, head.headers["content-length"]) == (200, str(len(answer.content)))


def test_the_document_has_it_and_that_it_needs_no_key() -> None:
    operation = json.loads(document())["paths"][PATH]["get"]
    assert set(operation["responses"]["200"]["content"]) == {"application/vsix"}
    assert "security" not in operation
