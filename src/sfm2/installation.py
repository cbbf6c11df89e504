"""Where this SFM-2 was installed from, and so how more of it is installed.

pip records where a package came from if that is not an index (`direct_url.json`, PEP 610).
"""

from __future__ import annotations

import json
import posixpath
import shlex
from importlib.metadata import PackageNotFoundError, distribution
from urllib.parse import unquote, urlsplit


def command_for(extra: str) -> str:
    """What to type for an extra: `pip install 'sfm2[hf]'` after an installation from an index.

    After one from a checkout or a wheel: the same with its name, to be typed in its folder. It has no path of this machine,
    since servers send it to their clients.
    """
    return _command(_record(), extra)


def _record() -> str | None:
    try:
        return distribution("sfm2").read_text("direct_url.json")
    except PackageNotFoundError:  # run from its source, without an installation
        return None


def _command(record: str | None, extra: str) -> str:
    if record is None:
        return f"pip install 'sfm2[{extra}]'"
    origin = json.loads(record)
    if vcs := origin.get("vcs_info"):
        return f"pip install 'sfm2[{extra}] @ {vcs['vcs']}+{origin['url']}'"
    if "dir_info" in origin:
        return f"pip install {'-e ' if origin['dir_info'].get('editable') else ''}'.[{extra}]'"
    wheel = posixpath.basename(unquote(urlsplit(origin["url"]).path))
    return f"pip install {shlex.quote(f'{wheel}[{extra}]')}"
