"""`make sbom`: what a release is made of, as CycloneDX: the locked packages with their digests, and the weights it pulls."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from release import version
from release.dist import ROOT
from sfm2.models.catalogue import CatalogueEntry, load_catalogue

TARGET = ROOT / "dist" / "sfm2.cdx.json"
_LOCK = ROOT / "requirements" / "run.txt"
_TOOLS = ROOT / ".venv" / "tools" / "bin"  # of requirements/tools.txt


def of_packages(lock: Path = _LOCK) -> dict[str, Any]:
    """The bill of the packages in `lock`. Raises `click.ClickException` without the tool that makes it."""
    program = shutil.which("cyclonedx-py") or shutil.which("cyclonedx-py", path=str(_TOOLS))
    if program is None:
        raise click.ClickException("cyclonedx-py is not installed; `make tools` installs it")
    project = ROOT / "pyproject.toml"
    command = [program, "requirements", "--pyproject", project, "--output-reproducible", "--of", "JSON", lock]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise click.ClickException(f"cyclonedx-py failed:\n{done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def completed(bill: dict[str, Any], number: str, weights: Iterable[CatalogueEntry]) -> dict[str, Any]:
    """`bill` with the version, which pyproject.toml does not have, and with `weights`."""
    root = {**bill["metadata"]["component"], "version": number, "purl": f"pkg:pypi/sfm2@{number}"}
    models = [_component(entry) for entry in weights]
    parts = [*bill["components"], *models]
    others = [one for one in bill.get("dependencies", []) if one["ref"] != root["bom-ref"]]
    known = {one["ref"] for one in others}
    depends = [
        *others,
        *({"ref": model["bom-ref"]} for model in models if model["bom-ref"] not in known),
        {"ref": root["bom-ref"], "dependsOn": sorted(part["bom-ref"] for part in parts)},
    ]
    metadata = {**bill["metadata"], "component": root}
    return {**bill, "metadata": metadata, "components": parts, "dependencies": depends}


def _component(entry: CatalogueEntry) -> dict[str, Any]:
    return {
        "type": "machine-learning-model",
        "bom-ref": f"weights-{entry.name}",
        "name": entry.name,
        "description": entry.description,
        "hashes": [{"alg": "SHA-256", "content": entry.sha256}],
        "licenses": [{"license": {"id": entry.licence}}],
    }


@click.command()
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path), default=TARGET)
def main(target: Path) -> None:
    """Write the bill of materials to TARGET."""
    bill = completed(of_packages(), version.current(), load_catalogue())
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(bill, indent=2) + "\n", encoding="utf-8")
    click.echo(f"{target}: {len(bill['components'])} components")


if __name__ == "__main__":
    main()
