"""The IPython extension: `%load_ext sfm2`, then `%%sfm2` completes a cell and `%sfm2` tells about the rest.

Needs IPython, and a server to ask; nothing is loaded into the kernel but the SDK.
"""

from __future__ import annotations

from typing import Any

from sfm2.notebook.magics import Magics

__all__ = ["load_ipython_extension", "unload_ipython_extension"]


def load_ipython_extension(shell: Any) -> None:
    """Called by `%load_ext sfm2`."""
    Magics(shell).register()


def unload_ipython_extension(shell: Any) -> None:
    """Called by `%unload_ext sfm2`."""
    Magics.registered(shell).unregister()
