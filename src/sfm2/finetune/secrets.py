"""Lines that hold secrets, found by Yelp's detect-secrets: keys by their format, passwords by the names of variables.

Its high-entropy detectors are not used: they report every digest.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sfm2.errors import MissingExtraError

_ENTROPY = ("Base64HighEntropyString", "HexHighEntropyString")


@contextmanager
def scanner() -> Iterator[None]:
    """Configure the scanner while the block runs; `lines` must be called within it. The settings are global to the process.

    Raises MissingExtraError without detect-secrets.
    """
    try:
        from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
        from detect_secrets.settings import transient_settings
    except ModuleNotFoundError as error:
        raise MissingExtraError("finding secrets in code", "data") from error
    kinds: dict[str, type] = get_mapping_from_secret_type_to_class()
    names = [kind.__name__ for kind in kinds.values()]
    with transient_settings({"plugins_used": [{"name": name} for name in names if name not in _ENTROPY]}):
        yield


def lines(text: str) -> set[int]:
    """The numbers, from 0, of the lines that hold a secret."""
    from detect_secrets.core.scan import scan_line

    return {number for number, line in enumerate(text.split("\n")) if line.strip() and any(scan_line(line))}
