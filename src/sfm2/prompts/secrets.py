"""Masks secrets in code of other files: a model copies what it is shown, and the hole's file is none of theirs.

By the formats that the issuers of keys document, and by the names of variables. `sfm2.finetune.secrets` finds more, and
takes too long for every request.
"""

from __future__ import annotations

import re

MASK = "********"

_FORMATS = (
    r"gh[opusr]_[A-Za-z0-9]{36,}",  # GitHub
    r"github_pat_\w{60,}",
    r"glpat-[\w-]{20,}",  # GitLab
    r"xox[abeprs]-[\w-]{10,}",  # Slack
    r"(?:AKIA|ASIA)[A-Z0-9]{16}",  # AWS
    r"AIza[\w-]{35}",  # Google
    r"[rs]k_live_[A-Za-z0-9]{16,}",  # Stripe
    r"sk-[\w-]{20,}",  # OpenAI, Anthropic
    r"hf_[A-Za-z0-9]{30,}",  # Hugging Face
    r"npm_[A-Za-z0-9]{36}",
    r"pypi-[\w-]{32,}",
    r"sfm2_[A-Za-z0-9]+_[\w-]{20,}",  # ours
    r"eyJ[\w-]{8,2000}\.eyJ[\w-]{8,}\.[\w-]{8,}",  # JSON Web Token
)
_KEY = re.compile(rf"\b(?:{'|'.join(_FORMATS)})")
_PEM = re.compile(r"(-----BEGIN [A-Z ]*PRIVATE KEY-----).*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)
_IN_ADDRESS = re.compile(r"(?<=://)([^\s:/@'\"{}$<>]*):(?![{$<%])[^\s:/@'\"{}$<>]{3,}(?=@)")
_NAMED = re.compile(
    r"""(?ix) ((?:password|passwd|secret|api_?key|access_?key|auth_?token|private_?key)\w{0,30}["']?\]?
    (?:[ \t]{0,8}:[ \t]{0,8}[\w.\[\]|?][\w.\[\]|?\ ]{0,40})? [ \t]{0,8}(?:=>?|:=?)[ \t]{0,8})
    (["'`]) ([^"'`\s${}<>%()]{8,200}) \2"""
)
"""Every repetition has a bound, so that no text takes more than linear time."""


def without_secrets(text: str) -> str:
    """`text` with `MASK` in place of keys, of private keys' content, of passwords in addresses, and of literals that are
    given to a variable which is named like one. What is filled in later (`${PASSWORD}`) stays.
    """
    text = _PEM.sub(rf"\1\n{MASK}\n\2", text)
    text = _KEY.sub(MASK, text)
    text = _IN_ADDRESS.sub(rf"\1:{MASK}", text)
    return _NAMED.sub(rf"\1\2{MASK}\2", text)
