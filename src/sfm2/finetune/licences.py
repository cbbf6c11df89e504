"""The licence of a source file, by its own header, else by the licence files in its folder and those above.

Only the most common licences are recognised. Not covered: licences that are stated only in a README, and code that was
copied without its licence.
"""

from __future__ import annotations

import re
from pathlib import Path

# By SPDX identifier (https://spdx.org/licenses).
PERMISSIVE = frozenset(
    {
        *("MIT", "MIT-0", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "ISC", "0BSD", "Zlib", "BSL-1.0", "PSF-2.0"),
        *("Unlicense", "CC0-1.0", "PostgreSQL", "BlueOak-1.0.0"),
    }
)
# Characteristic words of each licence, the more specific first, since some licences quote others.
_TEXTS = [
    (re.compile(words, re.IGNORECASE), name)
    for words, name in (
        (r"GNU\s+AFFERO\s+GENERAL\s+PUBLIC", "AGPL-3.0"),
        (r"GNU\s+LESSER\s+GENERAL\s+PUBLIC|GNU\s+LIBRARY\s+GENERAL\s+PUBLIC", "LGPL"),
        (r"GNU\s+GENERAL\s+PUBLIC", "GPL"),
        (r"Mozilla\s+Public\s+License", "MPL-2.0"),
        (r"Server\s+Side\s+Public\s+License", "SSPL-1.0"),
        (r"Business\s+Source\s+License", "BUSL-1.1"),
        (r"Apache\s+License,?\s+Version\s+2\.0", "Apache-2.0"),
        (r"Boost\s+Software\s+License", "BSL-1.0"),
        (r"PYTHON\s+SOFTWARE\s+FOUNDATION\s+LICENSE", "PSF-2.0"),
        (r"Permission\s+is\s+hereby\s+granted,\s+free\s+of\s+charge", "MIT"),
        (r"Permission\s+to\s+use,\s+copy,\s+modify,\s+and(/or)?\s+distribute", "ISC"),
        (r"Neither\s+the\s+name\b[\s\S]{0,200}\bendorse\s+or\s+promote", "BSD-3-Clause"),
        (r"Redistribution\s+and\s+use\s+in\s+source\s+and\s+binary\s+forms", "BSD-2-Clause"),
        (r"This\s+is\s+free\s+and\s+unencumbered\s+software", "Unlicense"),
        (r"CC0\s+1\.0\s+Universal", "CC0-1.0"),
    )
]
_TAG = re.compile(r"SPDX-License-Identifier:\s*\(?([\w.+-]+)")
_FILE = re.compile(r"(licen[cs]e|copying|unlicense)([-_.].*)?$", re.IGNORECASE)
_HEAD = 3000  # characters at the beginning of a file that are searched
_LARGEST = 100_000  # bytes of a licence file


def of_header(text: str) -> str | None:
    """The SPDX identifier of the licence that the first lines of a source file state, or None."""
    head = text[:_HEAD]
    tag = _TAG.search(head)
    return tag[1] if tag else of_text(head)


def of_text(text: str) -> str | None:
    """The SPDX identifier of the licence whose wording `text` contains, or None."""
    return next((name for words, name in _TEXTS if words.search(text)), None)


class Licences:
    """The licences of the files in the folder `top`. Each licence file is read once."""

    def __init__(self, top: Path) -> None:
        self._top = top
        self._known: dict[Path, str | None] = {}

    def of(self, path: Path, text: str) -> str | None:
        """The licence of the file `path` with the content `text`: its own header's, else its folder's, else that of the
        nearest folder above. None if no licence is known."""
        return of_header(text) or self._of_folder(path.parent)

    def _of_folder(self, folder: Path) -> str | None:
        if folder not in self._known:
            above = None if folder == self._top else folder.parent
            self._known[folder] = _in(folder) or (self._of_folder(above) if above else None)
        return self._known[folder]


def _in(folder: Path) -> str | None:
    for path in _candidates(folder):
        if _FILE.match(path.name) and path.is_file() and path.stat().st_size <= _LARGEST:
            text = path.read_text(encoding="utf-8", errors="replace")
            tag = _TAG.search(text)
            if found := tag[1] if tag else of_text(text):
                return found
    return None


def _candidates(folder: Path) -> list[Path]:
    """The files in a folder, and the metadata of a package if exactly one is installed or unpacked there."""
    installed = list(folder.glob("*.dist-info"))
    places = [folder, installed[0], installed[0] / "licenses"] if len(installed) == 1 else [folder]
    return [path for place in places if place.is_dir() for path in sorted(place.iterdir())]


def is_permissive(name: str | None) -> bool:
    """Whether the licence with this SPDX identifier allows use and redistribution with few conditions."""
    return name in PERMISSIVE
