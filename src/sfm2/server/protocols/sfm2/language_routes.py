"""Which language code is in, as the model routes would judge it."""

from __future__ import annotations

from sfm2.server.http.documentation import error_responses
from sfm2.server.http.routing import RoutePolicy, ServiceRouter
from sfm2.server.protocols.sfm2.protocol import SFM2
from sfm2.server.state import AppStateDep
from sfm2.types import LanguageRequest, RecognisedLanguage

# No model is asked, so it does not count against the limit of those who are typing.
router = ServiceRouter(RoutePolicy(SFM2, limited=False), tags=["languages"])


@router.post("/language", responses=error_responses(400, 401, 403, 413, 415, 422, 503))
async def language(body: LanguageRequest, state: AppStateDep) -> RecognisedLanguage:
    """The language of code: by its file's name, by what it says itself, else by its looks."""
    found = await state.manager.recognise(body.code, body.path)
    return RecognisedLanguage(language=found.language, guessed=found.is_guess)
