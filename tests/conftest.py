"""What many tests need: a real server in a process of its own, and an environment without the user's settings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from sfm2.testing import ServerProcess, clean_environment, serve_process
from sfm2.testing.processes import start_process
from tests.distribution import pytest_collection_modifyitems, pytest_xdist_make_scheduler

# How long an example takes says more of the machine than of the code.
settings.register_profile("sfm2", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("sfm2")

# Names that folders use which have not moved to `sfm2.testing` yet.
Running = ServerProcess
end = ServerProcess.close


def start_server(data_dir: Path, *options: str, **environment: str) -> ServerProcess:
    return start_process(data_dir, *options, environment=environment)


__all__ = [
    "Running",
    "clean_environment",
    "end",
    "patient_server",
    "pytest_collection_modifyitems",
    "pytest_xdist_make_scheduler",
    "server",
    "start_server",
]


@pytest.fixture(autouse=True, scope="session")
def _no_memory_of_keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What tests leave in the state folder must not be remembered by the user's server, nor by the next run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(autouse=True, scope="session")
def _no_indexes_of_the_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What is generated must not depend on the repositories that the user has had indexed, nor are others added to them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sfm2.repository.collection._FOLDER", f"indexes-{tmp_path_factory.mktemp('indexes').name}")
        patch.setenv("SFM2_REPOSITORY_AUTOMATIC", "false")
        yield


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """The service on the default weights, as a user would start it."""
    with serve_process(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(scope="session")
def patient_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """The same with time enough: a machine that is busy must not cut what is judged."""
    environment = {"SFM2_GENERATION_TIMEOUT": "600"}
    with serve_process(tmp_path_factory.mktemp("patient_server"), environment=environment) as running:
        yield running
