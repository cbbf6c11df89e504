"""A real kernel, asked as a front end asks it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from tests.conftest import clean_environment

WAIT = 120  # seconds; what is waited for comes much earlier unless something is broken

Message = dict[str, Any]


@dataclass
class Ran:
    """What became of a cell."""

    status: str
    next_input: Message | None
    """What the front end is to put into this cell (`replace`) or the next."""
    displayed: list[dict[str, str]] = field(default_factory=list)
    """Outputs as they were in the end: updates replace what they update."""
    errors: list[Message] = field(default_factory=list)
    printed: str = ""
    updates: int = 0

    @property
    def text(self) -> str:
        """What a front end without HTML and Markdown shows."""
        return "\n".join([*(bundle["text/plain"] for bundle in self.displayed), self.printed])

    @property
    def complaint(self) -> str:
        """The one error, as it is shown."""
        (error,) = self.errors
        return "\n".join(error["traceback"])


class Notebook:
    def __init__(self, manager: KernelManager, client: BlockingKernelClient) -> None:
        self._manager = manager
        self._client = client

    def run(
        self,
        code: str,
        *,
        cell_id: str | None = None,
        typed: str = "",
        watch: Callable[[Message], None] = lambda message: None,
    ) -> Ran:
        """`typed` answers a prompt; `watch` sees each message while the cell runs."""
        messages: list[Message] = []

        def hook(message: Message) -> None:
            messages.append(message)
            watch(message)

        self._client.session.metadata = {"cellId": cell_id} if cell_id else {}
        reply = self._client.execute_interactive(
            code, output_hook=hook, allow_stdin=True, stdin_hook=lambda _: self._client.input(typed), timeout=WAIT
        )
        return _ran(reply["content"], messages)

    def interrupt(self) -> None:
        self._manager.interrupt_kernel()


@contextmanager
def notebook(folder: Path, environment: Mapping[str, str], *, loaded: bool = True) -> Iterator[Notebook]:
    """A fresh kernel with the extension loaded."""
    folder.mkdir(exist_ok=True)
    manager = KernelManager(kernel_name="python3", transport="ipc", ip=str(folder / "kernel"))
    manager.start_kernel(
        env=clean_environment(folder, {"IPYTHONDIR": str(folder / "ipython"), **environment}), cwd=str(folder)
    )
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=WAIT)
        opened = Notebook(manager, client)
        if loaded:
            assert opened.run("%load_ext sfm2").status == "ok"
        yield opened
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()


def _ran(reply: Message, messages: list[Message]) -> Ran:
    inputs = [payload for payload in reply.get("payload", []) if payload["source"] == "set_next_input"]
    assert len(inputs) < 2
    ran = Ran(reply["status"], inputs[0] if inputs else None)
    places: dict[str, int] = {}
    for message in messages:
        kind, content = message["msg_type"], message["content"]
        if kind == "stream":
            ran.printed += content["text"]
        elif kind == "error":
            ran.errors.append(content)
        elif kind == "execute_result":
            ran.displayed.append(content["data"])
        elif kind == "display_data":
            places[content["transient"].get("display_id", "")] = len(ran.displayed)
            ran.displayed.append(content["data"])
        elif kind == "update_display_data":
            ran.updates += 1
            ran.displayed[places[content["transient"]["display_id"]]] = content["data"]
    return ran
