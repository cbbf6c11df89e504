"""What to type for an extra depends on where SFM-2 came from."""

from __future__ import annotations

import json
from importlib.metadata import distribution

import pytest

from sfm2 import installation
from sfm2.installation import command_for


@pytest.mark.parametrize(
    ("record", "command"),
    [
        (None, "pip install 'sfm2[hf]'"),
        ({"url": "file:///home/ada/sfm-2", "dir_info": {"editable": True}}, "pip install -e '.[hf]'"),
        ({"url": "file:///home/ada/sfm-2", "dir_info": {}}, "pip install '.[hf]'"),
        (
            {"url": "file:///home/ada/a%20b/sfm2-0.1.0-py3-none-any.whl", "archive_info": {}},
            "pip install 'sfm2-0.1.0-py3-none-any.whl[hf]'",
        ),
        (
            {"url": "https://example.org/sfm2.git", "vcs_info": {"vcs": "git", "commit_id": "0"}},
            "pip install 'sfm2[hf] @ git+https://example.org/sfm2.git'",
        ),
    ],
)
def test_the_command(record: dict[str, object] | None, command: str) -> None:
    assert installation._command(json.dumps(record) if record else None, "hf") == command


def test_no_path_of_this_machine_is_told() -> None:
    record = distribution("sfm2").read_text("direct_url.json")
    assert record, "a checkout is installed from its folder"
    assert command_for("hf") == "pip install -e '.[hf]'"
