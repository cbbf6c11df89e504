"""What many tests need: a real server in a process of its own, and an environment without the user's settings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sfm2.testing import ServerProcess, clean_environment, serve_process
from sfm2.testing.processes import start_process
from tests.distribution import pytest_collection_modifyitems, pytest_xdist_make_scheduler

# Names that folders use which have not moved to `sfm2.testing` yet.
Running = ServerProcess
end = ServerProcess.close


def start_server(data_dir: Path, *options: str, **environment: str) -> ServerProcess:
    return start_process(data_dir, *options, environment=environment)


__all__ = [
    "Running",
    "clean_environment",
    "end",
    "pytest_collection_modifyitems",
    "pytest_xdist_make_scheduler",
    "server",
    "start_server",
]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """The service on the default weights, as a user would start it."""
    with serve_process(tmp_path_factory.mktemp("server")) as running:
        yield running
