"""What stays the same from keystroke to keystroke of one file, so that the same engine's cache serves all of them.

The beginning of the prompt does not stay: it is what is being typed in a short file, and the code below the cursor in the
form `spm`; a second look and a retry begin with something else.
"""

from __future__ import annotations

from sfm2.generation import GenerationRequest

_BEGINNING = 256  # characters of code that tell files without a name apart


def affinity_key(request: GenerationRequest) -> str | None:
    """The file's name, else the lines that it begins with; of a conversation what it began with. None: nothing yet."""
    if request.is_chat:
        return _opening(request)
    return request.path or _first_lines(request.prefix) or None


def _opening(request: GenerationRequest) -> str:
    """Up to the first message of its user: instructions are the same for many."""
    said = [f"{one.role}\n{one.content}" for one in request.messages]
    users = [number for number, one in enumerate(request.messages, 1) if one.role == "user"]
    return "\n".join(said[: users[0] if users else None])


def _first_lines(prefix: str) -> str:
    """Those that are complete: the one that is being typed is another one with each key."""
    if len(prefix) >= _BEGINNING:
        return prefix[:_BEGINNING]
    return prefix[: prefix.rfind("\n") + 1]
