"""openapi.json describes the server, and the file in the repository is up to date."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from sfm2.server.openapi import document, main
from tests.server.live import MODEL_ROUTES

COMMITTED = Path(__file__).parents[2] / "openapi.json"


def test_the_committed_file_is_up_to_date() -> None:
    assert CliRunner().invoke(main, ["--check", str(COMMITTED)]).exit_code == 0


def test_drift_is_reported(tmp_path: Path) -> None:
    file = tmp_path / "openapi.json"
    assert CliRunner().invoke(main, ["--check", str(file)]).exit_code == 1
    assert CliRunner().invoke(main, [str(file)]).exit_code == 0
    assert CliRunner().invoke(main, ["--check", str(file)]).exit_code == 0


def test_model_routes_document_their_errors_and_keys() -> None:
    paths: dict[str, Any] = json.loads(document())["paths"]
    for path in MODEL_ROUTES:
        operation = paths[path]["post"]
        for status in ("400", "401", "413", "415", "422", "429", "500", "503"):
            schema = operation["responses"][status]["content"]["application/json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/ErrorBody"}
        assert operation["security"] == [{"HTTPBearer": []}, {"APIKeyHeader": []}]


def test_routes_of_others_document_their_own_error_bodies() -> None:
    paths: dict[str, Any] = json.loads(document())["paths"]
    for path, body in (("/v1/completions", "OpenAI"), ("/v1/chat/completions", "OpenAI"), ("/infill", "Infill")):
        responses = paths[path]["post"]["responses"]
        for status in ("400", "401", "404", "413", "415", "429", "500", "503"):
            schema = responses[status]["content"]["application/json"]["schema"]
            assert schema == {"$ref": f"#/components/schemas/{body}ErrorBody"}
        assert "422" not in responses
    assert set(paths["/v1/completions"]["post"]["responses"]["200"]["content"]) == {
        "application/json",
        "text/event-stream",
    }


def test_every_reference_leads_somewhere() -> None:
    schemas = json.loads(document())["components"]["schemas"]
    for part in document().split('"$ref": "#/components/schemas/')[1:]:
        assert part.split('"')[0] in schemas
