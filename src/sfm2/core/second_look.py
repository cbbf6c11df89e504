"""A second look: code of other files is shown where the first draft is unsure; where it is sure, that would only distract.

What is shown is what the draft points to (Zhang et al. 2023, RepoCoder), and what the client has sent.
"""

from __future__ import annotations

from dataclasses import replace

from sfm2.core.policy import OutputPolicy
from sfm2.core.repositories import Repositories
from sfm2.core.syntax_threads import SyntaxThreads
from sfm2.generation import GenerationRequest


class SecondLook:
    """`threads`: where `repositories` are searched."""

    def __init__(self, repositories: Repositories, threads: SyntaxThreads) -> None:
        self._repositories = repositories
        self._threads = threads

    async def informed(self, request: GenerationRequest, policy: OutputPolicy, draft: str) -> GenerationRequest | None:
        """The request with code of other files; None if there is none."""
        if not policy.judges(request):
            return None
        thread = self._threads.for_text(len(request.prefix) + len(request.suffix), policy.parsing)
        return await thread.run(self._repositories.informed, request, draft, policy.parsing, policy.key)


def alone(request: GenerationRequest, policy: OutputPolicy) -> GenerationRequest:
    """The request as it is asked first: without other files, if there may be a second look."""
    return replace(request, context=()) if request.context and policy.judges(request) else request
