"""The OpenAPI document is as narrow as the server: what it allows is accepted, what it forbids is refused, and answers are
as it says. Schemathesis makes the requests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sfm2.server.app import create_app
from sfm2.server.usage.keys import Keys
from sfm2.server.usage.store import Store
from sfm2.types import MAX_NEW_TOKENS, KeyScope
from tests.server.live import live, settings_for

HERE = Path(__file__).parent
EXAMPLES = 25  # random requests to each route, beside those at the limits of each field


@pytest.mark.slow
def test_the_document_and_the_server_agree(tmp_path: Path) -> None:
    settings = settings_for(
        tmp_path / "data", limits={"rate": "1000000/minute"}, generation={"max_length": MAX_NEW_TOKENS}
    )
    store = Store.in_folder(settings.storage.data_dir)
    _, key = Keys(store).create("schemathesis", scopes=[KeyScope.ADMIN])
    store.close()
    with live(create_app(settings)) as client:
        command = [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(HERE / "schemathesis.toml")),
            *("run", f"{client.base_url}/openapi.json", "--header", f"Authorization: Bearer {key}"),
            *("--max-examples", str(EXAMPLES)),
        ]
        told = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert told.returncode == 0, told.stdout + told.stderr
