"""Engines at URLs: whether each runs what SFM-2 asks for, all run the same, and nothing in between changes the prompts."""

from __future__ import annotations

import ast
import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sfm2 import prompts
from sfm2.diagnosis.finding import Finding, Level, healthy, ok, problem
from sfm2.engines.at_url.contact import FirstContact
from sfm2.engines.at_url.engine import address_of, shown_url
from sfm2.engines.base import EngineFacts
from sfm2.engines.client import EngineClient
from sfm2.engines.pool.sameness import difference
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
    sha256: str | None = None
    """Digest of its weights, where it says that"""

    @property
    def facts(self) -> EngineFacts:
        """As a pool of engines compares them."""
        return EngineFacts(self.model, self.sha256)


@dataclass(frozen=True)
class EngineReport:
    """What is said of one URL."""

    findings: Sequence[Finding]
    usable: bool
    """Whether it answers, and nothing about it is a problem"""


async def look_at_engine(url: str) -> ForeignEngine:
    """Ask an engine, once it is known what it speaks. Raises classes of `BackendError`."""
    client = FirstContact(address_of(url), _WAIT)
    try:
        await client.check()
        facts = await client.facts()
        family = await _family(client)
        sampling = SamplingParams(max_length=12, temperature=0)
        chunks = [chunk async for chunk in client.generate(CODE, sampling)]
        read = next((one.prompt_tokens for one in chunks if one.prompt_tokens is not None), None)
        written = "".join(one.text for one in chunks)
        tokens = len(await client.tokenize(CODE))
        return ForeignEngine(shown_url(url), facts.model, family, written, tokens, read, facts.sha256)
    finally:
        await client.aclose()


def look_and_check(urls: Sequence[str]) -> list[EngineReport]:
    """On the engine at each URL, as often as it may be named."""
    return check_engines(asyncio.run(_look_at_all(list(dict.fromkeys(urls)))))


def check_engines(found: Mapping[str, ForeignEngine | BackendError]) -> list[EngineReport]:
    """`found`: what answered at each URL, or why nothing did. Of several, each finding has the URL for a name."""
    if len(found) == 1:
        return [_report(url, one) for url, one in found.items()]
    first = next((one for one in found.values() if isinstance(one, ForeignEngine)), None)
    return [_report_one_of_many(url, one, first) for url, one in found.items()]


def _report(url: str, one: ForeignEngine | BackendError) -> EngineReport:
    if isinstance(one, BackendError):
        return EngineReport([_without_answer(url, one)], usable=False)
    findings = check_engine(one)
    return EngineReport(findings, healthy(findings))


def _report_one_of_many(url: str, one: ForeignEngine | BackendError, first: ForeignEngine | None) -> EngineReport:
    """`first` of those that answer: the others must run the same weights."""
    report = _report(url, one)
    findings = [replace(finding, name=url, found=_with_topic(finding)) for finding in report.findings]
    if isinstance(one, BackendError):
        level = Level.PROBLEM if first is None else Level.WARNING
        return EngineReport([replace(finding, level=level) for finding in findings], usable=False)
    other = None if first is None else difference(one.facts, first.facts)
    if other is not None:
        advice = "Start it with the weights of the others, or take it out of models.sfm2.url"
        findings.append(problem(url, f"{other}; all must run the same: it gets no requests", advice))
    return EngineReport(findings, report.usable and other is None)


def _with_topic(finding: Finding) -> str:
    return finding.found if finding.name == NAME else f"{finding.name}: {finding.found}"


def _without_answer(url: str, error: BackendError) -> Finding:
    if isinstance(error, BackendLoadingError):
        return problem(NAME, f"{url}: {error.message}", "Wait until it has loaded its weights")
    advice = "Start llama.cpp's server or vLLM there, or take the URL out of the setting"
    return problem(NAME, f"models.sfm2.url: {url}: {error.message}", advice)


async def _look_at_all(urls: Sequence[str]) -> dict[str, ForeignEngine | BackendError]:
    """At the same time: one that does not answer takes its time to say so."""
    found = await asyncio.gather(*map(_engine_or_error, urls))
    return dict(zip(map(shown_url, urls), found, strict=True))


async def _engine_or_error(url: str) -> ForeignEngine | BackendError:
    try:
        return await look_at_engine(url)
    except BackendError as error:
        return error


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
        advice = "Name the address of llama.cpp's server or of vLLM itself, which give prompts to the model as they are"
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


async def _family(client: EngineClient) -> str | None:
    """As the backend finds out: three special tokens in a row must be three tokens."""
    for family in prompts.FAMILIES:
        if len(await client.tokenize("".join(family.special_tokens))) == len(family.special_tokens):
            return family.name
    return None
