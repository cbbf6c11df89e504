"""SFM-2: syntax-aware code generation from your own machine. `import sfm2` loads the SDK and nothing else."""

from __future__ import annotations

__version__ = "0.1.0"
