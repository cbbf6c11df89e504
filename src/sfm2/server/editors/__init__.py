"""The editor extension that `make dist` packs into the wheel. A checkout has it once `make dist` was run there."""

from __future__ import annotations

from pathlib import Path

EXTENSION = Path(__file__).parent / "sfm2.vsix"
"""The file; not in the repository"""
