"""How an item comes to its answer: asked once, or again with code of its repository, as the service does."""

from __future__ import annotations

import asyncio

from sfm2.completer import AsyncCompleter
from sfm2.core.generator import UNSURE
from sfm2.evals.asking import Asking, request_for
from sfm2.evals.contexts import TreeIndexes
from sfm2.evals.items import Item
from sfm2.types import Completion


async def answer(completer: AsyncCompleter, item: Item, asking: Asking, trees: TreeIndexes | None) -> Completion:
    """`trees`: needed where `asking` wants a context. Raises what the completer raises."""
    if trees is None or asking.context.way == "none":
        return await completer.submit(request_for(item, asking))
    if asking.context.way == "naive":
        return await _shown(completer, item, asking, trees)
    first = await completer.submit(request_for(item, asking))
    if first.confidence >= UNSURE:
        return first
    second = await _shown(completer, item, asking, trees, first.completion)
    return max(first, second, key=lambda one: one.confidence)


async def _shown(
    completer: AsyncCompleter, item: Item, asking: Asking, trees: TreeIndexes, draft: str = ""
) -> Completion:
    found = await asyncio.to_thread(trees.found, item, asking.context, draft)
    return await completer.submit(request_for(item, asking, [one.passage for one in found]))
