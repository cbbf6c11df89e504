"""`%%sfm2`: from a cell to what becomes of it."""

from __future__ import annotations

import builtins
from typing import Any

from sfm2.errors import InvalidRequestError, SFM2Error
from sfm2.notebook import cell, context, output, report
from sfm2.notebook.arguments import CellOptions
from sfm2.notebook.asking import Question, Reply, ask, ask_streaming
from sfm2.notebook.bundles import Alternative, Answer
from sfm2.notebook.running import Runner
from sfm2.notebook.session import Session
from sfm2.notebook.settings import Effective, effective
from sfm2.notebook.state import State
from sfm2.types import Completion, GenerationConfig, Language


class Completer:
    def __init__(self, shell: Any, session: Session, state: State) -> None:
        self._shell = shell
        self._session = session
        self._state = state
        self._runner = Runner(shell, session)

    def complete(self, options: CellOptions, body: str) -> None:
        """Raises the classes of `sfm2.errors`, and KeyboardInterrupt when nothing had come."""
        settings = self._settings(options)
        question = self._question(options, settings, self._session.body(body))
        reply = self._ask(question, options, settings)
        code = question.prefix + reply.written
        obstacle = self._runner.obstacle(code, reply) if options.run else None
        if reply.written:
            self._shell.set_next_input(code, replace=options.replace)
        if reply.completion:
            self._state.last_id = reply.completion.id
        if options.run and obstacle is None:
            self._runner.run(code)

    def _settings(self, options: CellOptions) -> Effective:
        """Flags of the cell go before the session's settings."""
        settings = self._state.settings
        if options.url is not None:
            settings = settings.with_value("url", options.url)
        if options.context is not None:
            settings = settings.with_value("context", str(options.context))
        return effective(settings)

    def _question(self, options: CellOptions, settings: Effective, typed: str) -> Question:
        language = options.language or settings.language
        is_python = language is Language.PYTHON
        if options.run and not is_python:
            raise InvalidRequestError(
                f"--run: this kernel runs Python, not {language}", suggestion="Leave --run out, or ask for Python"
            )
        if options.interpolate:
            typed = cell.interpolated(typed, self._shell.user_ns)
        # The cells before are Python: another language's model would be led astray.
        before = context.context(self._session.statements(), settings.context, typed) if is_python else ""
        prefix = cell.prefix_of(typed, language)
        config = _config(options.sampling, settings)
        return Question(before, prefix, cell.without_marker(prefix), language, config, options.use_fallback)

    def _ask(self, question: Question, options: CellOptions, settings: Effective) -> Reply:
        """Asks, and shows the answer, or what has come of it."""
        live = output.live(self._shell)
        written = ""

        def show(text: str) -> None:
            nonlocal written
            written = text
            live.grow(Answer(question.prefix, text, question.language, "Writing"))

        try:
            with settings.connect() as client:
                streams = options.stream and (options.sampling.n or 1) == 1
                reply = ask_streaming(client, question, show) if streams else ask(client, question)
        except SFM2Error:
            if written:
                live.finish(Answer(question.prefix, written, question.language, "Broken off: this is what had come"))
            raise
        live.finish(self._shown(question, reply, options, settings.place))
        return reply

    def _shown(self, question: Question, reply: Reply, options: CellOptions, place: str) -> Answer:
        obstacle = self._runner.obstacle(question.prefix + reply.written, reply) if options.run else None
        headline = _headline(reply, options, obstacle)
        completion = reply.completion
        if completion is None:
            return Answer(question.prefix, reply.written, question.language, headline)
        return Answer(
            question.prefix,
            reply.written,
            question.language,
            headline,
            completion.confidence,
            completion.calibrated,
            report.facts(completion, place),
            report.notes(completion, {*self._shell.user_ns, *dir(builtins)}),
            _alternatives(question.prefix, completion),
            folded=not options.stream and not completion.alternatives,
        )


def _config(asked: GenerationConfig, settings: Effective) -> GenerationConfig:
    usual = {"max_length": settings.max_length, "temperature": settings.temperature}
    return asked.model_copy(update={name: value for name, value in usual.items() if getattr(asked, name) is None})


def _headline(reply: Reply, options: CellOptions, obstacle: str | None) -> str:
    if not reply.written:
        return "Nothing to add: the cell stays as it is"
    where = "in this cell" if options.replace else "in the next cell"
    if reply.completion is None:
        return f"Interrupted: what had come is {where}, unjudged"
    if options.run:
        return f"Ran at once, and is {where}" if obstacle is None else f"Now {where}, but not run: {obstacle}"
    return f"Now {where}"


def _alternatives(prefix: str, completion: Completion) -> list[Alternative]:
    return [
        Alternative(prefix + choice.completion, choice.confidence, completion.calibrated)
        for choice in completion.alternatives
    ]
