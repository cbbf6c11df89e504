"""`sfm2 generate`, as a process."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import SFM2, WAIT, Sfm2
from tests.cli.on_terminal import on_terminal, plain

pytestmark = pytest.mark.slow

PROMPT = "x = 1\n# echo:\treturn  'é'"
ANSWER = PROMPT + "\treturn  'é'"
SLOW = "# echo-slow:" + " word" * 100
CODE = ["generate", PROMPT]


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Children get the usual Ctrl-C, even where a shell started the tests in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_a_pipe_gets_the_code_and_nothing_else(sfm2: Sfm2) -> None:
    result = sfm2(*CODE)
    assert (result.returncode, result.stdout, result.stderr) == (0, ANSWER + "\n", "")


def test_a_final_line_end_is_not_doubled(sfm2: Sfm2) -> None:
    assert sfm2("generate", "# x\n").stdout == "# x\n x\n"
    assert sfm2("generate", "# echo:\n\n", "--stop", "zzz").stdout.endswith("\n")


@pytest.mark.parametrize("arguments", [["generate", "-"], ["generate"]], ids=["dash", "no prompt"])
def test_the_prompt_from_standard_input(sfm2: Sfm2, arguments: list[str]) -> None:
    assert sfm2(*arguments, stdin=PROMPT).stdout == ANSWER + "\n"


def test_json_is_the_response(sfm2: Sfm2) -> None:
    result = json.loads(sfm2(*CODE, "--json").stdout)
    assert result["generated_code"] == ANSWER
    assert (result["model_used"], result["tokens"]["completion"]) == ("echo", 2)


def test_flags_reach_the_model(sfm2: Sfm2) -> None:
    slow = ["generate", "# echo: a b c d", "--json"]
    assert json.loads(sfm2(*slow, "--max-length", "2").stdout)["completion"] == " a b"
    assert json.loads(sfm2(*slow, "--stop", " c", "--stop", " d").stdout)["completion"] == " a b"
    assert len(json.loads(sfm2(*slow, "--n", "3").stdout)["alternatives"]) == 2


def test_a_running_server_answers(sfm2: Sfm2, server_url: str) -> None:
    port = server_url.rsplit(":", 1)[1]
    # No backend of our own could: whoever answers is the server.
    result = sfm2(*CODE, SFM2_API_PORT=port, SFM2_FALLBACK_CHAIN="openai")
    assert (result.returncode, result.stdout) == (0, ANSWER + "\n")
    local = sfm2(*CODE, "--local", SFM2_API_PORT=port, SFM2_FALLBACK_CHAIN="openai")
    assert local.returncode == 3


def test_the_server_that_is_named_answers_or_nobody(sfm2: Sfm2, server_url: str) -> None:
    assert sfm2(*CODE, "--api-url", server_url, SFM2_FALLBACK_CHAIN="openai").stdout == ANSWER + "\n"
    gone = sfm2(*CODE, SFM2_API_URL="http://127.0.0.1:9")
    assert (gone.returncode, gone.stdout) == (3, "")
    assert "http://127.0.0.1:9" in gone.stderr


def test_a_model_answers_by_its_name(sfm2: Sfm2, server_url: str) -> None:
    for place in ([], ["--api-url", server_url]):
        assert sfm2(*CODE, *place, "-m", "echo").stdout == ANSWER + "\n"
        slip = sfm2(*CODE, *place, "-m", "ehco")
        assert (slip.returncode, slip.stderr.splitlines()[0]) == (
            2,
            "error: there is no model 'ehco'; did you mean echo?",
        )


def test_weights_that_the_named_server_does_not_run(sfm2: Sfm2, server_url: str) -> None:
    result = sfm2(*CODE, "--api-url", server_url, "-m", "qwen2.5-coder:1.5b")
    assert result.returncode == 2
    assert result.stderr.splitlines() == [
        f"error: the server at {server_url} does not run qwen2.5-coder-1.5b",
        "hint: It has echo; without --api-url, -m loads others",
    ]


def test_no_proxy_stands_before_a_server_on_this_machine(sfm2: Sfm2, server_url: str) -> None:
    proxies = {"HTTP_PROXY": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9", "NO_PROXY": "", "no_proxy": ""}
    assert sfm2(*CODE, SFM2_API_PORT=server_url.rsplit(":", 1)[1], **proxies).stdout == ANSWER + "\n"
    assert sfm2(*CODE, "--api-url", server_url, **proxies).returncode == 0


def test_an_address_that_is_none(sfm2: Sfm2) -> None:
    result = sfm2(*CODE, "--api-url", "127.0.0.1:8000")
    assert (result.returncode, "expected http://" in result.stderr) == (2, True)


def test_errors_for_people(sfm2: Sfm2) -> None:
    result = sfm2("generate", " ")
    assert (result.returncode, result.stdout) == (2, "")
    error, hint = result.stderr.splitlines()
    assert error == "error: prompt: must not be empty"
    assert hint.startswith("hint: ")


def test_errors_for_programs(sfm2: Sfm2) -> None:
    result = sfm2("generate", "x", "--json", "--max-length", "5000")
    assert (result.returncode, result.stdout) == (2, "")
    assert json.loads(result.stderr)["error"] == "invalid_request"


def test_nobody_can_answer(sfm2: Sfm2) -> None:
    result = sfm2("generate", "x", SFM2_FALLBACK_CHAIN="openai")
    assert result.returncode == 3
    assert "OPENAI_API_KEY" in result.stderr


@pytest.mark.parametrize(("raw", "message"), [(b"\xff", "not UTF-8"), (b"a\x00", "binary")])
def test_input_that_is_no_text(environment: dict[str, str], raw: bytes, message: str) -> None:
    result = subprocess.run([*SFM2, "generate", "-"], env=environment, input=raw, capture_output=True, timeout=WAIT)
    assert result.returncode == 2
    assert f"standard input is {message}" in result.stderr.decode()


def test_an_argument_that_is_no_text(sfm2: Sfm2) -> None:
    result = sfm2("generate", "a\udcffb")
    assert (result.returncode, "lone surrogate" in result.stderr) == (2, True)


def test_a_fallback_is_told(sfm2: Sfm2) -> None:
    result = sfm2(*CODE, SFM2_FALLBACK_CHAIN="openai,echo")
    assert result.stdout == ANSWER + "\n"
    first, second = result.stderr.splitlines()
    assert first.startswith("note: openai could not answer (not_configured: ")
    assert second == "note: echo answered instead"


def test_a_reader_who_leaves_is_no_error(environment: dict[str, str]) -> None:
    long = "x = 1\n" * 20_000 + "# y"
    process = subprocess.Popen(
        [*SFM2, "generate", "-"],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdout.close()
    process.stdin.write(long)
    process.stdin.close()
    assert process.stderr is not None
    with process.stderr as errors:
        assert errors.read() == ""
    assert process.wait(WAIT) == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_output_that_can_not_be_written_is_an_error(environment: dict[str, str]) -> None:
    with Path("/dev/full").open("w") as full:
        result = subprocess.run([*SFM2, *CODE], env=environment, stdout=full, stderr=subprocess.PIPE, text=True)
    assert result.returncode == 1
    assert result.stderr.startswith("error: cannot write to standard output: No space left")


def test_a_terminal_sees_colours_and_a_summary(environment: dict[str, str]) -> None:
    with on_terminal([*SFM2, *CODE], environment) as terminal:
        code, seen = terminal.end()
    assert code == 0
    assert "\x1b[" in seen.split("f():")[0]
    text = plain(seen).replace("\r", "")
    assert ANSWER + "\n" in text
    assert re.search(r"echo, in this process · confidence 0\.90 \(uncalibrated\) · 2 tokens · \d\.\d\d s\n", text)


@pytest.mark.parametrize("variable", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=str)
def test_a_terminal_without_colours(environment: dict[str, str], variable: dict[str, str]) -> None:
    with on_terminal([*SFM2, *CODE], environment | variable) as terminal:
        code, seen = terminal.end()
    assert code == 0
    assert ANSWER + "\n" in seen.replace("\r", "")
    assert not re.search(r"\x1b\[[0-9;]*m", seen)


def test_a_terminal_sees_all_choices(environment: dict[str, str]) -> None:
    with on_terminal([*SFM2, *CODE, "--n", "2"], environment) as terminal:
        seen = plain(terminal.end()[1])
    assert seen.count(ANSWER) == 2
    assert "or, with confidence 0.90 (uncalibrated):\n" in seen


def test_code_goes_to_the_pipe_while_a_person_watches(environment: dict[str, str]) -> None:
    with on_terminal([*SFM2, *CODE], environment, stdout=subprocess.PIPE) as terminal:
        assert terminal.process.stdout is not None
        assert terminal.process.stdout.read().decode() == ANSWER + "\n"
        assert "echo, in this process" in terminal.end()[1]


def test_without_a_prompt_on_a_terminal_it_says_what_is_missing(environment: dict[str, str]) -> None:
    with on_terminal([*SFM2, "generate"], environment) as terminal:
        code, seen = terminal.end()
    assert (code, "Missing argument PROMPT" in seen) == (2, True)


@pytest.mark.parametrize("answer", ["n\n", "\x04"], ids=["no", "end of input"])
def test_missing_weights_are_offered(environment: dict[str, str], answer: str) -> None:
    pytest.importorskip("openvino_genai")
    with on_terminal([*SFM2, "generate", "x"], environment | {"SFM2_FALLBACK_CHAIN": "sfm2"}) as terminal:
        terminal.read_until("Pull them now? [Y/n]:")
        terminal.type(answer)
        code, seen = terminal.end()
    assert code == (3 if answer == "n\n" else 130)
    assert "Traceback" not in seen
    assert ("hint: sfm2 models pull" in seen) is (code == 3)


def test_missing_weights_without_a_person_are_an_error(sfm2: Sfm2) -> None:
    pytest.importorskip("openvino_genai")
    result = sfm2("generate", "x", SFM2_FALLBACK_CHAIN="sfm2")
    assert (result.returncode, result.stdout) == (3, "")
    assert "hint: sfm2 models pull" in result.stderr


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("by_server", [False, True], ids=["in process", "by a server"])
def test_ctrl_c_in_a_stream_is_clean(environment: dict[str, str], server_url: str, by_server: bool) -> None:
    variables = {"NO_COLOR": "1"} | ({"SFM2_API_URL": server_url} if by_server else {})
    # Without the guard, which holds a line back until it is complete.
    with on_terminal([*SFM2, "generate", SLOW, "--no-guard"], environment | variables) as terminal:
        terminal.read_until(SLOW + " word")
        terminal.process.send_signal(signal.SIGINT)
        code, seen = terminal.end()
    assert code == 130
    assert seen.count("word") < 150
    assert "Traceback" not in seen
    assert "rror" not in seen
    assert seen.endswith("\n")


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_while_waiting_leaves_no_half_output(environment: dict[str, str]) -> None:
    with on_terminal([*SFM2, "generate", SLOW], environment, stdout=subprocess.PIPE) as terminal:
        terminal.read_until("generating")
        terminal.process.send_signal(signal.SIGINT)
        code, seen = terminal.end()
        assert terminal.process.stdout is not None
        assert terminal.process.stdout.read() == b""
    assert code == 130
    assert "Traceback" not in seen
