"""The IPython extension: after `%load_ext sfm2`, `%%sfm2` completes a cell, and `%sfm2` lists the other commands.

It needs IPython and a server; only the SDK is loaded into the kernel.
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
