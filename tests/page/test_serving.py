"""The page as files: open to all, of the right type, cached right, under a strict policy."""

from __future__ import annotations

import gzip
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sfm2.server.page import BUILT, MOUNTED
from tests.server.live import Serving

ROOT = Path(__file__).parents[2]


def paths() -> set[str]:
    """What a browser loads to show the page."""
    files = (path.relative_to(BUILT).as_posix() for path in BUILT.rglob("*") if path.is_file())
    return {"/", *(f"{MOUNTED}/{name}" for name in files)}


def test_the_page_and_its_files_need_no_key_and_count_against_no_limit(serving: Serving) -> None:
    with serving(api={"require_key": True}, limits={"rate": "1/minute"}) as client:
        for path in paths():
            assert client.get(path).status_code == 200, path
        assert client.get("/stats").status_code == 401
        assert client.get("/v1/models").status_code == 401


def test_everything_that_the_page_names_is_there_with_its_type(serving: Serving) -> None:
    with serving() as client:
        page = client.get("/")
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        named = re.findall(r'(?:href|src)="(page/[^"]+)"', page.text)
        assert len(named) == 4
        styles = next(name for name in named if name.endswith(".css"))
        fonts = re.findall(r'url\("?\./([^)"]+)"?\)', client.get(f"/{styles}").text)
        assert len(fonts) == 3
        assert {f"/page/assets/{name}" for name in fonts} <= paths()
        types = {path.rsplit(".", 1)[1]: client.get(path).headers["content-type"] for path in paths() - {"/"}}
        assert types == {
            "css": "text/css; charset=utf-8",
            "html": "text/html; charset=utf-8",
            "js": "text/javascript; charset=utf-8",
            "svg": "image/svg+xml",
            "txt": "text/plain; charset=utf-8",
            "woff2": "font/woff2",
        }


def test_what_can_change_is_asked_for_anew_and_the_rest_never_again(serving: Serving) -> None:
    with serving() as client:
        page = client.get("/")
        assert page.headers["cache-control"] == "no-cache"
        again = client.get("/", headers={"If-None-Match": page.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        asset = next(path for path in paths() if "/assets/" in path)
        assert "immutable" in client.get(asset).headers["cache-control"]
        assert client.head("/").headers["content-length"] == str(len(page.content))


def test_the_policy_lets_in_nothing_from_elsewhere_and_no_inline_script(serving: Serving) -> None:
    with serving() as client:
        page = client.get("/")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert re.findall(r"<script(?![^>]* src=)|\son\w+=|\sstyle=|<style", page.text) == []
    for path in BUILT.rglob("*"):
        if path.suffix in (".js", ".css", ".html"):
            # Names of XML's vocabularies, and what the client says of itself: nothing is requested there.
            named = set(re.findall(r"https?://([\w.-]+)", path.read_text(encoding="utf-8")))
            assert named <= {"10.1.2.3", "www.w3.org", "localhost", "HOST"}, path


def test_other_paths_are_errors_as_they_were(serving: Serving) -> None:
    with serving() as client:
        for path in (
            "/nothing",
            "/page/assets/main.js",
            "/page/../app.py",
            "/page/%2e%2e/__init__.py",
            "/page",
            "/page/",
        ):
            found = client.get(path)
            assert (found.status_code, found.json()["error"]) == (404, "not_found"), path
        assert client.post("/").json()["error"] == "method_not_allowed"
        assert client.post("/page/index.html").json()["error"] == "method_not_allowed"


def test_the_page_is_small() -> None:
    (first,) = BUILT.glob("assets/main-*.js")
    assert len(gzip.compress(first.read_bytes())) < 132_000
    assert sum(path.stat().st_size for path in BUILT.rglob("*") if path.is_file()) < 760_000


def test_a_licence_is_there_for_every_package_that_is_in_it() -> None:
    text = (BUILT / "LICENSES.txt").read_text(encoding="utf-8")
    for name in ("@codemirror/view", "@lezer/common", "style-mod", "@fontsource/ibm-plex-mono"):
        assert re.search(rf"^{name} [\d.]+: (MIT|OFL-1.1)$", text, re.MULTILINE), name


@pytest.mark.slow
def test_a_wheel_has_all_of_it(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", tmp_path, ROOT]
    subprocess.run([str(part) for part in command], check=True, cwd=tmp_path)
    (wheel,) = tmp_path.glob("*.whl")
    listed = subprocess.run(
        [sys.executable, "-m", "zipfile", "-l", str(wheel)], capture_output=True, text=True, check=True
    )
    for path in BUILT.rglob("*"):
        if path.is_file():
            assert f"sfm2/server/page/built/{path.relative_to(BUILT).as_posix()}" in listed.stdout
