"""`sfm2.errors` -> the codes that travel over the wire, with their classes and what to do."""

from __future__ import annotations

from docs.reference.pages import code, table

from sfm2.error_tables import by_code
from sfm2.errors import MissingExtraError, SFM2Error

_ADVICE: dict[type[SFM2Error], str] = {
    MissingExtraError: "The `pip install` that the error names"
}  # another one for each extra


def problems() -> str:
    rows = [
        [code(name), str(kind.status), code(kind.__name__), _advice(kind)] for name, kind in sorted(by_code().items())
    ]
    return table(["Code", "Status", "In Python", "What to do"], rows)


def _advice(kind: type[SFM2Error]) -> str:
    return _ADVICE.get(kind, kind.default_suggestion)
