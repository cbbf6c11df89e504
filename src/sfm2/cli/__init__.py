"""The command line. `sfm2.cli.root` holds the list of commands; each is imported only when it is called."""

from sfm2.cli.root import main

__all__ = ["main"]
