"""The image, what runs beside it, and Kubernetes: as far as that can be judged without a container engine."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from release.contents import wheel_faults
from release.dist import build_wheel, names_in, tree
from sfm2 import __version__
from sfm2.config import Settings, load
from tests.deploy.tools import DEPLOY, ROOT, said_by, tool
from tests.server.live import Serving

DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
LINES = re.sub(r"\\\n\s*", "", DOCKERFILE)  # one for each instruction
MANIFESTS = sorted(path for path in (DEPLOY / "kubernetes").glob("*.yaml") if path.name != "kustomization.yaml")


def arguments(instruction: str) -> list[str]:
    return re.findall(rf"^{instruction} (.*)$", LINES, re.MULTILINE)


def image_settings() -> Settings:
    """What the variables of the image make of the settings."""
    [variables] = arguments("ENV")
    loaded = load(environment=dict(re.findall(r"(\w+)=(\S+)", variables)))
    assert loaded.warnings == []
    return loaded.settings


def kinds(kind: str) -> list[dict[str, Any]]:
    documents = (one for path in MANIFESTS for one in yaml.safe_load_all(path.read_text(encoding="utf-8")))
    return [one for one in documents if one["kind"] == kind]


@pytest.fixture
def context(tmp_path: Path) -> Path:
    """What `docker build` gets to see of this tree."""
    lines = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    kept = [line[1:] for line in lines if line.startswith("!")]
    for name in tree():
        if any(name == one or name.startswith(f"{one}/") for one in kept) and not fnmatch(name, "*__pycache__*"):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def test_hadolint_has_nothing_to_say() -> None:
    assert said_by(tool("hadolint"), "--failure-threshold", "style", DEPLOY / "Dockerfile") == ""


@pytest.mark.slow
def test_the_image_is_built_from_what_it_is_given_and_holds_the_whole_package(context: Path, tmp_path: Path) -> None:
    """Its stage copies these files to one folder and builds the wheel there, with nothing fetched."""
    stage = tmp_path / "stage"
    stage.mkdir()
    copied = [words.split() for words in arguments("COPY") if not words.startswith("--from")]
    for *sources, target in copied:
        for source in sources:
            found = context / source
            if found.is_dir():
                shutil.copytree(found, stage / target)
            else:
                shutil.copy(found, stage / target)
    assert wheel_faults(names_in(build_wheel(stage, tmp_path / "dist")), tree(), __version__) == []
    assert "--require-hashes" in DOCKERFILE
    assert (stage / "run.txt").is_file()


def test_its_process_is_nobody_and_writes_to_volumes_only() -> None:
    settings = image_settings()
    [user], [volumes] = arguments("USER"), arguments("VOLUME")
    assert not user.startswith(("0", "root"))
    storage = settings.storage
    assert set(json.loads(volumes)) == {str(one) for one in (storage.cache_dir, storage.data_dir, storage.state_dir)}
    assert (settings.api.host, settings.api.port, settings.api.require_key) == ("0.0.0.0", 8000, True)
    assert arguments("EXPOSE") == ["8000"]


@pytest.mark.parametrize("ready", [True, False])
def test_its_health_check_asks_whether_it_can_answer(serving: Serving, ready: bool) -> None:
    command = json.loads(arguments("HEALTHCHECK")[0].partition("CMD")[2])
    with serving() as client:
        url = f"http://127.0.0.1:{client.base_url.port if ready else 9}"
        here = [part.replace("http://127.0.0.1:8000", url) for part in command[1:]]
        done = subprocess.run([sys.executable, *here], capture_output=True, timeout=30)
    assert (done.returncode == 0) is ready


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    return found


def mounts() -> Iterator[tuple[str, str]]:
    for service in compose()["services"].values():
        for volume in service.get("volumes", []):
            yield tuple(volume.split(":")[:2])


def test_compose_mounts_what_there_is_and_keeps_what_the_image_writes() -> None:
    named = compose()["volumes"]
    for source, _ in mounts():
        assert source in named or (DEPLOY / source).exists(), source
    storage = image_settings().storage
    assert {str(one) for one in (storage.cache_dir, storage.data_dir, storage.state_dir)} <= {
        there for _, there in mounts()
    }
    ours = compose()["services"]["sfm2"]
    loaded = load(environment=ours["environment"])
    assert loaded.warnings == []
    assert (DEPLOY / ours["build"]["context"] / ours["build"]["dockerfile"]).is_file()
    assert all(port.startswith("127.0.0.1:") for one in compose()["services"].values() for port in one.get("ports", []))


def test_what_counts_rates_for_compose_can_be_made() -> None:
    from limits.storage import storage_from_string

    pytest.importorskip("valkey")
    [uri] = [one["environment"]["SFM2_LIMITS_RATE_STORAGE"] for one in [compose()["services"]["sfm2"]]]
    assert storage_from_string(f"async+{uri}")


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_kubernetes_takes_the_manifests(path: Path) -> None:
    said_by(tool("kubernetes-validate"), "--strict", path)


def test_the_manifests_fit_together_and_the_image() -> None:
    [deployment], [service] = kinds("Deployment"), kinds("Service")
    pod = deployment["spec"]["template"]["spec"]
    [container] = pod["containers"]
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert service["spec"]["selector"].items() <= labels.items()
    assert {one["targetPort"] for one in service["spec"]["ports"]} <= {one["name"] for one in container["ports"]}
    claims = {one["metadata"]["name"] for one in kinds("PersistentVolumeClaim")}
    assert {v["persistentVolumeClaim"]["claimName"] for v in pod["volumes"] if "persistentVolumeClaim" in v} == claims
    settings = image_settings()
    places = {str(one) for one in (settings.storage.cache_dir, settings.storage.data_dir, settings.storage.state_dir)}
    assert {one["mountPath"] for one in container["volumeMounts"]} == places | {"/tmp"}
    [user] = arguments("USER")
    assert user == f"{pod['securityContext']['runAsUser']}:{pod['securityContext']['runAsGroup']}"
    assert pod["terminationGracePeriodSeconds"] > settings.api.shutdown_timeout + 5
    names = yaml.safe_load((DEPLOY / "kubernetes" / "kustomization.yaml").read_text(encoding="utf-8"))["resources"]
    assert sorted(names) == [path.name for path in MANIFESTS]


def test_the_probes_ask_routes_that_answer_without_a_key(serving: Serving) -> None:
    [deployment] = kinds("Deployment")
    [container] = deployment["spec"]["template"]["spec"]["containers"]
    probes = [container[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness", "readiness")]
    with serving(api={"require_key": True}) as client:
        for probe in probes:
            assert client.get(probe["path"]).status_code == 200
