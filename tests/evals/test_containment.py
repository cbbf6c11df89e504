"""Containment: generated code can't connect, start processes, or write outside its folder."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.evals.sandbox_processes import RIGHT, WAIT, children, outcome


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


@pytest.mark.parametrize(
    "call",
    [
        "socket.create_connection(('127.0.0.1', PORT), 2)",
        "socket.socket().connect(('127.0.0.1', PORT))",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', PORT))",
        "urllib.request.urlopen('http://127.0.0.1:PORT', timeout=2)",
        "asyncio.run(asyncio.open_connection('127.0.0.1', PORT))",
        "socket.socket().bind(('127.0.0.1', 0))",
    ],
)
def test_nobody_can_be_reached(listener: socket.socket, call: str) -> None:
    port = listener.getsockname()[1]
    found = outcome(f"import asyncio, socket, urllib.request\n{call.replace('PORT', str(port))}\n{RIGHT}")
    assert not found.passed
    assert any(word in str(found.error) for word in ("not allowed in the sandbox", "not permitted"))
    with pytest.raises(BlockingIOError):
        listener.accept()


@pytest.mark.parametrize(
    "call",
    [
        "os.fork()",
        "os.posix_spawn('/bin/sh', ['sh', '-c', 'touch LEFT'], {})",
        "os.system('touch LEFT') and 1 / 0",
        "os.execv('/bin/sh', ['sh', '-c', 'touch LEFT'])",
        "subprocess.run(['touch', 'LEFT'])",
        "multiprocessing.Process(target=print).start()",
        "os.kill(os.getppid(), 0)",
        "os.killpg(0, 9)",
        "ctypes.CDLL(None).getpid()",
    ],
)
def test_no_processes_are_started_or_ended(tmp_path: Path, call: str) -> None:
    left = tmp_path / "left"
    found = outcome(f"import ctypes, multiprocessing, os, subprocess\n{call.replace('LEFT', str(left))}\n{RIGHT}")
    assert not found.passed
    assert any(word in str(found.error) for word in ("not allowed in the sandbox", "not permitted"))
    assert not left.exists()
    assert children() == []


WRITING = [
    "open('FOLDER/new', 'w')",
    "os.open('FOLDER/new', os.O_CREAT | os.O_RDWR)",
    "open('FOLDER/old', 'a').write('more')",
    "os.truncate('FOLDER/old', 0)",
    "os.mkdir('FOLDER/new')",
    "os.remove('FOLDER/old')",
    "os.rename('FOLDER/old', 'FOLDER/new')",
    "os.chmod('FOLDER/old', 0)",
    "os.symlink('FOLDER/old', 'FOLDER/new')",
    "open('here', 'w').close(); os.link('FOLDER/old', 'FOLDER/new')",
    "os.symlink('FOLDER', 'way'); open('way/new', 'w')",
    "open('here', 'w').close(); os.replace('here', 'FOLDER/new')",
    "shutil.rmtree('FOLDER')",
    "sqlite3.connect('FOLDER/new').execute('create table a (b)')",
]


@pytest.mark.parametrize("call", WRITING)
def test_nothing_is_written_outside_of_the_folder(tmp_path: Path, call: str) -> None:
    (tmp_path / "old").write_text("as it was", encoding="utf-8")
    before = (tmp_path / "old").stat()
    found = outcome(f"import os, shutil, sqlite3\n{call.replace('FOLDER', str(tmp_path))}\n{RIGHT}")
    assert not found.passed
    assert str(found.error).startswith(("PermissionError", "OSError", "OperationalError"))
    assert [path.name for path in tmp_path.iterdir()] == ["old"]
    assert (tmp_path / "old").read_text(encoding="utf-8") == "as it was"
    assert (tmp_path / "old").stat().st_mode == before.st_mode


def test_the_folder_itself_is_writable_and_gone_afterwards() -> None:
    writer = "import os\nopen('file', 'w').write('x')\nhere = os.getcwd()\n" + RIGHT
    assert outcome(writer, "assert os.listdir() == ['file']\nassert one() == 1\n").passed
    shown = outcome(writer, "raise ValueError(here)\n")
    folder = Path(str(shown.error).removeprefix("ValueError: "))
    assert folder.name.startswith("sfm2-eval-")
    assert not folder.exists()


def test_the_environment_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    assert outcome("import os\n" + RIGHT, "assert 'secret' not in os.environ.values()\nassert one() == 1\n").passed


ALONE = """
import ctypes, os, shutil, socket, sqlite3, sys
sys.platform = "another"
from sfm2.evals.containment import contain
print(contain(sys.argv[1], 10, 1 << 30, 1 << 20))
for call in sys.argv[2:]:
    try:
        exec(call)
    except PermissionError as error:
        print(error)
"""


def test_without_help_of_the_system_python_itself_refuses(tmp_path: Path) -> None:
    """The audit hook alone, as on systems without namespaces and seccomp."""
    outside = tmp_path / "outside"
    for folder in (tmp_path / "inside", outside):
        folder.mkdir()
        (folder / "old").touch()
    calls = [
        *(call.replace("FOLDER", str(outside)) for call in WRITING),
        "socket.socket().connect(('127.0.0.1', 1))",
        "os.fork() or os._exit(0)",
        "ctypes.CDLL(None).getpid()",
    ]
    said = in_python(ALONE, str(tmp_path / "inside"), *calls, "open('new', 'w').write('x')")
    assert "network" not in said[0]
    assert len(said[1:]) == len(calls)
    assert all(line.endswith(" is not allowed in the sandbox") for line in said[1:])
    assert [path.name for path in outside.iterdir()] == ["old"]
    assert (tmp_path / "inside" / "new").read_text(encoding="utf-8") == "x"


FILTERED = """
import ctypes, os, socket
from sfm2.evals.seccomp import restrict
print(restrict(ctypes.CDLL(None, use_errno=True)))
calls = [
    lambda: os.fork() or os._exit(0),
    lambda: socket.socket(),
    lambda: os.kill(os.getpid(), 0),
    lambda: os.execv("/bin/sh", ["x"]),
]
for call in calls:
    try:
        call()
    except PermissionError as error:
        print(error.strerror)
print(os.getpid() > 0)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="filters of system calls are Linux's")
def test_the_filter_alone_refuses_system_calls() -> None:
    said = in_python(FILTERED)
    if said[0] == "True":
        assert said[1:] == ["Operation not permitted"] * 4 + ["True"]
    else:
        assert "system calls" not in outcome(RIGHT).in_force


def in_python(program: str, *arguments: str) -> list[str]:
    """The output lines of a program that runs in a process of its own."""
    ran = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, timeout=WAIT, check=True
    )
    return ran.stdout.splitlines()
