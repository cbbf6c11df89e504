"""How an item comes to its answer: asked alone, or with code of its repository for the service's second look."""

from __future__ import annotations

import asyncio

from sfm2.completer import AsyncCompleter
from sfm2.evals.asking import Asking, request_for
from sfm2.evals.contexts import TreeIndexes
from sfm2.evals.items import Item
from sfm2.types import Completion


async def answer(completer: AsyncCompleter, item: Item, asking: Asking, trees: TreeIndexes | None) -> Completion:
    """`trees`: needed where `asking` wants a context. Raises what the completer raises."""
    if trees is None or asking.context.way == "none":
        return await completer.submit(request_for(item, asking))
    draft = ""
    if asking.context.way == "repository":  # a service looks for what its own draft points to; here the trees do
        draft = (await completer.submit(request_for(item, asking))).completion
    found = await asyncio.to_thread(trees.found, item, asking.context, draft)
    return await completer.submit(request_for(item, asking, [one.passage for one in found]))
