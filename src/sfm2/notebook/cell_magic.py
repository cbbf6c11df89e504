"""What `%%sfm2` does with a cell: complete it."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from contextlib import closing
from typing import Any

from sfm2.completer import Completer
from sfm2.errors import InvalidRequestError, SFM2Error
from sfm2.notebook import cell, context, output, report
from sfm2.notebook.arguments import CellOptions
from sfm2.notebook.bundles import Alternative, CellOutput
from sfm2.notebook.cell import CellAnswer, CellPrompt
from sfm2.notebook.running import Runner
from sfm2.notebook.session import Session
from sfm2.notebook.settings import Effective, effective
from sfm2.notebook.state import NotebookState
from sfm2.notebook.working_folder import WorkingFolder
from sfm2.types import CompleteRequest, Completion, GenerateRequest, GenerationConfig, Language


class CellMagic:
    """The magic `%%sfm2` of one shell."""

    def __init__(self, shell: Any, session: Session, state: NotebookState, folder: WorkingFolder) -> None:
        self._shell = shell
        self._folder = folder
        self._session = session
        self._state = state
        self._runner = Runner(shell, session)

    def complete(self, options: CellOptions, body: str) -> None:
        """Complete a cell, show the result, put it into a cell, and run it if asked to.

        Raises the classes of `sfm2.errors`, and KeyboardInterrupt if the user interrupts before any code arrived.
        """
        settings = self._settings(options)
        prompt = self._prompt(options, settings, self._session.body(body))
        answer = self._ask(prompt, options, settings)
        code = prompt.prefix + answer.written
        obstacle = self._runner.obstacle(code, answer) if options.run else None
        if answer.written:
            self._shell.set_next_input(code, replace=options.replace)
        if answer.completion:
            self._state.last_id = answer.completion.id
        if options.run and obstacle is None:
            self._runner.run(code)

    def _settings(self, options: CellOptions) -> Effective:
        """The session's settings, with the flags of the cell on top."""
        settings = self._state.settings
        if options.url is not None:
            settings = settings.with_value("url", options.url)
        if options.context is not None:
            settings = settings.with_value("context", str(options.context))
        return effective(settings)

    def _prompt(self, options: CellOptions, settings: Effective, typed: str) -> CellPrompt:
        language = options.language or settings.language
        is_python = language is Language.PYTHON
        if options.run and not is_python:
            raise InvalidRequestError(
                f"--run: this kernel runs Python, not {language}", suggestion="Leave --run out, or ask for Python"
            )
        if options.interpolate:
            typed = cell.interpolated(typed, self._shell.user_ns)
        # Earlier cells are Python, which would mislead a model that is to write another language.
        before = context.context(self._session.statements(), settings.context, typed) if is_python else ""
        prefix = cell.prefix_of(typed, language)
        config = _config(options.sampling, settings)
        return CellPrompt(before, prefix, cell.without_marker(prefix), language, config, options.use_fallback)

    def _ask(self, prompt: CellPrompt, options: CellOptions, settings: Effective) -> CellAnswer:
        """Get the answer and show it, or what arrived of it before an error."""
        live = output.live(self._shell)
        written = ""

        def show(text: str) -> None:
            nonlocal written
            written = text
            live.grow(CellOutput(prompt.prefix, text, prompt.language, "Writing"))

        try:
            request = self._folder.request(prompt, settings)
            with settings.connect() as client:
                streams = options.stream and (options.sampling.n or 1) == 1
                answer = (_streamed if streams else _submitted)(client, request, show)
        except SFM2Error:
            if written:
                live.finish(CellOutput(prompt.prefix, written, prompt.language, "Failed: this is what had arrived"))
            raise
        live.finish(self._output(prompt, answer, options, settings.place))
        return answer

    def _output(self, prompt: CellPrompt, answer: CellAnswer, options: CellOptions, place: str) -> CellOutput:
        obstacle = self._runner.obstacle(prompt.prefix + answer.written, answer) if options.run else None
        headline = _headline(answer, options, obstacle)
        completion = answer.completion
        if completion is None:
            return CellOutput(prompt.prefix, answer.written, prompt.language, headline)
        return CellOutput(
            prompt.prefix,
            answer.written,
            prompt.language,
            headline,
            completion.confidence,
            completion.calibrated,
            report.facts(completion, place),
            report.notes(completion, {*self._shell.user_ns, *dir(builtins)}),
            _alternatives(prompt.prefix, completion),
            folded=not options.stream and not completion.alternatives,
        )


def _submitted(
    completer: Completer, request: GenerateRequest | CompleteRequest, show: Callable[[str], None]
) -> CellAnswer:
    completion = completer.submit(request)
    return CellAnswer(completion.completion, completion)


def _streamed(
    completer: Completer, request: GenerateRequest | CompleteRequest, show: Callable[[str], None]
) -> CellAnswer:
    """Calls `show` with the whole text so far. An interrupt keeps that text, unless it is empty."""
    written = ""
    with closing(completer.stream(request)) as stream:
        try:
            for item in stream:
                if isinstance(item, Completion):
                    return CellAnswer(item.completion, item)
                written += item.text
                show(written)
        except KeyboardInterrupt:
            if not written:
                raise
            return CellAnswer(written, None)
    raise AssertionError("a stream ends with its completion or an error")


def _config(asked: GenerationConfig, settings: Effective) -> GenerationConfig:
    usual = {"max_length": settings.max_length, "temperature": settings.temperature}
    return asked.model_copy(update={name: value for name, value in usual.items() if getattr(asked, name) is None})


def _headline(answer: CellAnswer, options: CellOptions, obstacle: str | None) -> str:
    if not answer.written:
        return "Nothing to add: the cell stays as it is"
    where = "in this cell" if options.replace else "in the next cell"
    if answer.completion is None:
        return f"Interrupted: what had arrived is {where}, without the guard's checks"
    if options.run:
        return f"Ran, and is {where}" if obstacle is None else f"Now {where}, but not run: {obstacle}"
    return f"Now {where}"


def _alternatives(prefix: str, completion: Completion) -> list[Alternative]:
    return [
        Alternative(prefix + choice.completion, choice.confidence, completion.calibrated)
        for choice in completion.alternatives
    ]
