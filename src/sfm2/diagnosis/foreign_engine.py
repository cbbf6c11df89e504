"""An engine at a URL: whether it runs what SFM-2 asks for, or something in between changes the prompts."""

from __future__ import annotations

import ast
import asyncio
from dataclasses import dataclass

from sfm2 import prompts
from sfm2.diagnosis.finding import Finding, ok, problem
from sfm2.engines.llama_cpp.client import EngineAddress, LlamaCppClient
from sfm2.errors import BackendError, BackendLoadingError
from sfm2.types import SamplingParams

NAME = "engine"
CODE = "def add(a, b):\n    return"
"""What every model of code continues with a sum"""
_WAIT = 10.0  # seconds for each answer
_MORE = 2  # tokens that a tokenizer may put before a prompt; a chat template adds ten or more


@dataclass(frozen=True)
class ForeignEngine:
    """What an engine answered."""

    url: str
    model: str
    family: str | None
    """The model family whose special tokens are single tokens there; None: none"""
    written: str
    """How it continued `CODE`"""
    tokens: int
    """Of `CODE`, by its own tokenizer"""
    read: int | None
    """Tokens of the prompt that it says it has read"""


async def look_at_engine(url: str) -> ForeignEngine:
    """Ask an engine that speaks llama.cpp's protocol. Raises classes of `BackendError`."""
    client = LlamaCppClient(EngineAddress(url.rstrip("/")), _WAIT)
    try:
        await client.check()
        facts = await client.facts()
        family = await _family(client)
        sampling = SamplingParams(max_length=12, temperature=0)
        chunks = [chunk async for chunk in client.generate(CODE, sampling)]
        read = next((one.prompt_tokens for one in chunks if one.prompt_tokens is not None), None)
        written = "".join(one.text for one in chunks)
        return ForeignEngine(url, facts.model, family, written, len(await client.tokenize(CODE)), read)
    finally:
        await client.aclose()


def look_and_check(url: str) -> list[Finding]:
    """The findings on the engine at `url`."""
    try:
        return check_engine(asyncio.run(look_at_engine(url)))
    except BackendLoadingError as error:
        return [problem(NAME, f"{url}: {error.message}", "Wait until it has loaded its weights")]
    except BackendError as error:
        found = f"models.sfm2.url: {url}: {error.message}"
        return [problem(NAME, found, "Start llama.cpp's server there, or remove the setting")]


def check_engine(engine: ForeignEngine) -> list[Finding]:
    """Its special tokens, and that prompts reach the model as they are."""
    who = f"{engine.model or 'a model without a name'} at {engine.url}"
    if engine.family is None:
        names = ", ".join(family.name for family in prompts.FAMILIES)
        tokens = problem(
            NAME,
            f"{who} has no tokens to fill in the middle with: what follows a hole is not shown to it",
            f"Run weights of a family that has them there: {names}",
        )
    else:
        tokens = ok(NAME, f"{who} has the special tokens of {engine.family}")
    if changed := _changed(engine):
        advice = (
            "Name the address of llama.cpp's server itself, whose /completion gives prompts to the model as they are"
        )
        return [tokens, problem("prompts", changed, advice)]
    return [tokens, ok("prompts", "reach the model as they are")]


def continues_code(text: str) -> bool:
    """Whether `text` continues `CODE`: its first line completes the statement, with the function's own parameters."""
    line = text.split("\n")[0]
    try:
        tree = ast.parse(f"{CODE}{line}\n")
    except (SyntaxError, ValueError):
        return False
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return {"a", "b"} <= names


def _changed(engine: ForeignEngine) -> str:
    """How something in between changes prompts, or what else keeps the model from writing code; empty: nothing does."""
    if engine.read is not None and engine.read > engine.tokens + _MORE:
        return (
            f"a chat template is put around them: the engine read {engine.read} tokens where {engine.tokens} were sent"
        )
    if not continues_code(engine.written):
        shown = repr(engine.written[:60])
        return f"{CODE!r} was not continued as code but with {shown}: the model chats, or a proxy applies a template"
    return ""


async def _family(client: LlamaCppClient) -> str | None:
    """As the backend finds out: three special tokens in a row must be three tokens."""
    for family in prompts.FAMILIES:
        if len(await client.tokenize("".join(family.special_tokens))) == len(family.special_tokens):
            return family.name
    return None
