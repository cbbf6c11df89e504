"""`suffix`: the code that follows the completion reaches the server, from the SDK and from the terminal."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.client.both import Connect
from tests.client.test_faults import CHUNK, COMPLETION, Faulty, answer, events, serving
from tests.client.test_wire_faults import DONE
from tests.conftest import clean_environment


def sent(faulty: Faulty) -> Any:
    return asyncio.run(faulty.requests[0].json())  # the body was read when it was served


def test_generate_sends_it(connect: Connect) -> None:
    faulty = Faulty(answer(COMPLETION))
    with serving(faulty) as url:
        connect(url).generate("x", suffix="z")
    assert sent(faulty) == {"prompt": "x", "suffix": "z"}


def test_generate_stream_sends_it(connect: Connect) -> None:
    faulty = Faulty(events(CHUNK, DONE))
    with serving(faulty) as url:
        list(connect(url).generate_stream("x", suffix="z", max_length=2))
    assert sent(faulty) == {"prompt": "x", "suffix": "z", "max_length": 2}


def test_another_suffix_is_another_question(connect: Connect) -> None:
    faulty = Faulty(answer(COMPLETION))
    with serving(faulty) as url:
        client = connect(url, enable_cache=True)
        for suffix in ("a", "b", "a"):
            client.generate("x", suffix=suffix)
    assert len(faulty.requests) == 2


def test_the_command_sends_it_to_a_running_server(tmp_path: Path, echo_url: str) -> None:
    command = [sys.executable, "-m", "sfm2", "generate", "x\necho:a b", "--suffix", "return x"]
    environment = clean_environment(tmp_path, {"SFM2_API_URL": echo_url})
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert "a b" in done.stdout
