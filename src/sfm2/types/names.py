"""The values that fields of the wire contract may take."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal


class BackendStatus(StrEnum):
    """What `model_status` says of a backend."""

    AVAILABLE = "available"
    LOADING = "loading"
    UNAVAILABLE = "unavailable"
    CONFIGURED = "configured"
    NOT_CONFIGURED = "not_configured"


class Mode(StrEnum):
    """Where a completion ends: at the end of the line, with the block that holds the cursor, with the definition that the
    prompt has begun, or where the model ends it."""

    LINE = "line"
    BLOCK = "block"
    FUNCTION = "function"
    FREE = "free"


class GuardAction(StrEnum):
    """The most that the guard did to a completion; each includes those listed before it. `off`: nothing was judged."""

    OFF = "off"
    KEPT = "kept"
    CUT = "cut"
    CLOSED = "closed"
    RESAMPLED = "resampled"
    ABSTAINED = "abstained"


class GuardReason(StrEnum):
    """Why the guard did it."""

    # Rules, in the order in which they are asked: each is a file of this name in syntax/rules/.
    HIDDEN_CHARACTER = "hidden_character"  # a control character, or one that reorders text
    LINE_END = "line_end"  # mode `line`: one line was asked for
    CHATTER = "chatter"  # prose or code fences around the code
    OWN_IMPORT = "own_import"  # an import of what the file itself defines
    SUFFIX_BEGINS = "suffix_begins"  # the model began to write what follows the hole
    BLOCK_END = "block_end"  # the next line is outside the block that holds the hole
    REPETITION = "repetition"  # lines that repeat
    UNSURE_LINE = "unsure_line"  # the code is whole, and the model was unsure of its next line
    # The guard's own, and the core's.
    SYNTAX = "syntax"  # what was cut does not parse in place
    OPEN = "open"  # quotes, brackets or a block were left open, and closed
    UNDEFINED_NAMES = "undefined_names"
    UNKNOWN_NAMES = "unknown_names"  # what is imported does not exist, as far as the repository tells
    STOP_TEXT = "stop_text"  # one of the request's own
    LENGTH = "length"  # `max_length` or a time limit was reached within a line or a statement
    UNKNOWN_LANGUAGE = "unknown_language"  # no grammar for it: nothing was judged
    UNJUDGED = "unjudged"  # the grammar refuses it and is doubted: it does not know this dialect
    TOO_LARGE = "too_large"  # too much text to judge in time
    SWITCHED_OFF = "switched_off"  # the request said so


class Outcome(StrEnum):
    """What became of a completion that was shown. `edited`: accepted, then changed."""

    ACCEPTED = "accepted"
    EDITED = "edited"
    REJECTED = "rejected"


class KeyScope(StrEnum):
    """What an API key is good for. `generate`: the model routes, feedback, and what tells of models and languages; `stats`:
    `/stats` and `/metrics`, which tell of everybody's requests; `admin`: all of it, and the admin API."""

    GENERATE = "generate"
    STATS = "stats"
    ADMIN = "admin"


FinishReason = Literal["stop", "length", "time"]
"""`stop`: the completion ended by itself; `length`: at `max_length`; `time`: at the request's `time_limit` or the server's
`generation.timeout`, where it holds what was written by then."""
