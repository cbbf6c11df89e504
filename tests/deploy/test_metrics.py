"""Prometheus, Grafana and the docs name the metrics that there are."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from sfm2.error_tables import by_code
from tests.deploy.tools import DEPLOY, ROOT, said_by, tool
from tests.server.live import Serving

DASHBOARD = json.loads((DEPLOY / "grafana" / "sfm2.json").read_text(encoding="utf-8"))
ALERTS = yaml.safe_load((DEPLOY / "alerts.yml").read_text(encoding="utf-8"))
_NAME = re.compile(r"\bsfm2_\w+")
_OUTCOME = re.compile(r'outcome!?=~?"([^"]+)"')


def expressions() -> list[str]:
    of_panels = [target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", [])]
    of_alerts = [rule["expr"] for group in ALERTS["groups"] for rule in group["rules"]]
    return [*of_panels, *of_alerts]


@pytest.fixture
def exported(serving: Serving) -> dict[str, set[str]]:
    """The names of samples, by the family as Prometheus's own page has it."""
    ends = {"histogram": ("_bucket", "_count", "_sum"), "counter": ("_total",), "gauge": ("",)}
    with serving() as client:
        families = list(text_string_to_metric_families(client.get("/metrics").text))
    return {
        one.name + ("_total" if one.type == "counter" else ""): {one.name + end for end in ends[one.type]}
        for one in families
    }


def test_what_is_drawn_and_watched_is_exported(exported: dict[str, set[str]]) -> None:
    named = {name for text in expressions() for name in _NAME.findall(text)}
    assert named
    assert named <= set().union(*exported.values())


def test_what_is_exported_is_drawn_and_in_the_docs(exported: dict[str, set[str]]) -> None:
    page = (ROOT / "docs" / "site" / "deploy.md").read_text(encoding="utf-8")
    drawn = " ".join(expressions())
    assert [family for family in exported if f"`{family}`" not in page] == []
    assert [family for family, names in exported.items() if not any(name in drawn for name in names)] == []
    assert set(re.findall(r"`(sfm2_\w+)`", page)) <= set(exported)


def test_the_outcomes_that_are_asked_for_exist() -> None:
    known = {"success", "client_left", "internal_error", "accepted", "edited", *by_code()}
    asked = {one for text in expressions() for found in _OUTCOME.findall(text) for one in found.split("|")}
    assert asked <= known


def test_panels_do_not_overlap_and_read_the_provisioned_source() -> None:
    source = yaml.safe_load((DEPLOY / "grafana/provisioning/datasources/prometheus.yml").read_text(encoding="utf-8"))
    [uid] = {one["uid"] for one in source["datasources"]}
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells
        assert {target["datasource"]["uid"] for target in panel.get("targets", [])} <= {uid}


def as_rules(folder: Path) -> Path:
    """The panels' queries as rules, which Prometheus's own program judges."""
    plain = {"$__rate_interval": "5m", "$__range": "3h", "$instance": ".*"}
    rules: list[dict[str, Any]] = []
    for text in expressions():
        for variable, value in plain.items():
            text = text.replace(variable, value)
        rules.append({"record": "any:thing", "expr": text, "labels": {"number": str(len(rules))}})
    path = folder / "rules.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}), encoding="utf-8")
    return path


def test_prometheus_takes_its_configuration_alerts_and_queries(tmp_path: Path) -> None:
    promtool = tool("promtool")
    said_by(promtool, "check", "rules", as_rules(tmp_path), DEPLOY / "alerts.yml")
    config = (DEPLOY / "prometheus.yml").read_text(encoding="utf-8")
    key = tmp_path / "key"
    key.write_text("sfm2_x_y")
    there = config.replace("/run/secrets/prometheus-key", str(key)).replace("alerts.yml", str(DEPLOY / "alerts.yml"))
    (tmp_path / "prometheus.yml").write_text(there, encoding="utf-8")
    said_by(promtool, "check", "config", tmp_path / "prometheus.yml")
