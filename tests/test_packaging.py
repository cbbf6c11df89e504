"""What `pip install sfm2` gives: the SDK and the CLI, light, and words that say which extra brings the rest."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

import sfm2
from release.contents import wheel_faults
from release.dist import (
    EXTENSION,
    SERVED,
    build_sdist,
    build_wheel,
    contents,
    names_in,
    pack_extension,
    python_faults,
    serve_extension,
    tree,
)
from sfm2.server.app import create_app
from sfm2.server.editors.routes import editors_router
from tests.conftest import clean_environment
from tests.server.live import live, settings_for

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
OF_EXTRAS = {
    *("fastapi", "starlette", "uvicorn", "limits"),
    *("openvino", "nncf", "numpy", "torch", "transformers", "openai", "tree_sitter"),
}


def run(*command: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Away from the repository, as a user without settings."""
    environment = clean_environment(folder, {"HOME": str(folder), "SFM2_STORAGE_CACHE_DIR": str(folder / "cache")})
    return subprocess.run(
        [str(part) for part in command], cwd=folder, env=environment, capture_output=True, text=True, timeout=240
    )


def pip(*arguments: str | Path, python: Path, folder: Path) -> None:
    # Not by `run`: pip takes its index, cache and certificates from the user's settings.
    done = subprocess.run(
        [str(python), "-m", "pip", "--disable-pip-version-check", *map(str, arguments)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip("wheel", "--no-deps", "--no-build-isolation", "-w", folder, ROOT, python=Path(sys.executable), folder=folder)
    (built,) = folder.glob("sfm2-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment with that wheel and what it needs, nothing else."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True)
    pip("install", wheel, python=folder / "bin" / "python", folder=folder)
    return folder / "bin"


def test_the_wheel_holds_code_and_data_and_nothing_else(wheel: Path) -> None:
    names = names_in(wheel)
    assert wheel_faults(names, tree(), sfm2.__version__) == []
    assert {"sfm2/py.typed", "sfm2/models/catalogue.toml", "sfm2/server/page/built/index.html"} <= set(names)
    assert [name for name in names if name.endswith((".pyc", ".gguf")) or name.startswith("tests")] == []


def test_the_sdist_holds_the_package_and_builds_the_same_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")  # the only thing in which two builds may differ
    built = build_wheel(ROOT, tmp_path), build_sdist(ROOT, tmp_path)
    assert list(python_faults(*built, tree())) == []


@pytest.mark.skipif(
    shutil.which("npm") is None or not (ROOT / EXTENSION / "node_modules").is_dir(),
    reason="without what the extension is built with: npm ci in clients/js, editors/core and editors/vscode",
)
def test_the_wheel_holds_the_extension_and_a_server_from_it_hands_it_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    source = tmp_path / "source"
    for name in tree():
        if name.startswith(("src/", "README", "LICENSE", "NOTICE", "CHANGELOG", "pyproject", ".gitignore")):
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, source / name)
    extension = pack_extension(tmp_path)
    serve_extension(extension, source)
    files = sorted({*tree(), SERVED.as_posix()})
    wheel, sdist = build_wheel(source, tmp_path), build_sdist(source, tmp_path)
    assert list(python_faults(wheel, sdist, files)) == []
    packed = contents(wheel)["sfm2/server/editors/sfm2.vsix"]
    assert packed == extension.read_bytes()

    monkeypatch.setattr("sfm2.server.app.editors_router", lambda: editors_router(source / SERVED))
    with live(create_app(settings_for(tmp_path / "data"))) as client:
        served = client.get("/editors/sfm2.vsix").raise_for_status().content
    assert served == packed
    assert "extension.vsixmanifest" in zipfile.ZipFile(io.BytesIO(served)).namelist()


def test_the_sdk_installs_light_and_imports(installed: Path, tmp_path: Path) -> None:
    program = (
        "from importlib.util import find_spec; import sfm2; sfm2.SFM2Client().close(); "
        f"print(sfm2.__version__, [name for name in {sorted(OF_EXTRAS)} if find_spec(name)])"
    )
    done = run(installed / "python", "-W", "error", "-c", program, folder=tmp_path)
    assert (done.stdout.strip(), done.stderr) == (f"{sfm2.__version__} []", "")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["generate", "--help"],
        ["config", "show"],
        ["models", "list"],
        ["keys", "create", "--rate", "1/minute"],
    ],
)
def test_what_needs_no_extra_works(installed: Path, tmp_path: Path, arguments: list[str]) -> None:
    done = run(installed / "sfm2", *arguments, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout


@pytest.mark.parametrize(
    ("arguments", "extra"),
    [
        (["serve"], "server"),
        (["models", "pull"], "engine"),
        (["generate", "x", "--local"], "engine"),
    ],
)
def test_what_needs_an_extra_names_it(
    installed: Path, wheel: Path, tmp_path: Path, arguments: list[str], extra: str
) -> None:
    done = run(installed / "sfm2", *arguments, folder=tmp_path)
    assert done.returncode == 3  # "no model or server could answer" of `sfm2 --help`
    assert f"pip install '{wheel.name}[{extra}]'" in done.stderr
    assert "Traceback" not in done.stderr


def loaded_by(program: str, folder: Path) -> set[str]:
    """Top-level modules that `program` loads here, where every extra is installed."""
    listing = "import sys; print(*{name.split('.')[0] for name in sys.modules})"
    done = run(sys.executable, "-W", "error", "-c", f"{program}; {listing}", folder=folder)
    assert done.stderr == ""
    return set(done.stdout.split())


def test_the_import_loads_next_to_nothing(tmp_path: Path) -> None:
    loaded = loaded_by("import sfm2", tmp_path)
    assert "sfm2" in loaded
    assert loaded & (OF_EXTRAS | {"click", "rich", "httpx", "pydantic"}) == set()


def test_the_sdk_loads_nothing_of_the_server(tmp_path: Path) -> None:
    # Not asked of click and rich: httpx loads both for its own command line, wherever they are installed.
    loaded = loaded_by("from sfm2 import *; SFM2Client().close(); AsyncSFM2Client()", tmp_path)
    assert {"httpx", "pydantic"} <= loaded
    assert loaded & OF_EXTRAS == set()


def test_the_public_names_are_these() -> None:
    assert sfm2.__all__ == [
        "APIConnectionError",
        "APITimeoutError",
        "AsyncExplanationStream",
        "AsyncGenerationStream",
        "AsyncSFM2Client",
        "AuthenticationError",
        "Chunk",
        "Completion",
        "Explanation",
        "ExplanationStream",
        "FeedbackRequest",
        "GenerationConfig",
        "GenerationStream",
        "Health",
        "InvalidRequestError",
        "Language",
        "ModelUnavailableError",
        "NotFoundError",
        "Outcome",
        "OverloadedError",
        "PayloadTooLargeError",
        "PermissionDeniedError",
        "PromptTooLongError",
        "RateLimitError",
        "SFM2Client",
        "SFM2Error",
        "ServerError",
        "Snippet",
        "Stats",
        "StreamInterruptedError",
    ]
    assert set(sfm2.__all__) <= set(dir(sfm2))
    assert {name for name in sfm2.__all__ if getattr(sfm2, name).__name__ != name} == set()


def test_an_unknown_name_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="SFM3Client"):
        sfm2.SFM3Client  # noqa: B018
