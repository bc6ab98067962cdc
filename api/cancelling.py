"""Ends tasks of the event loop, also those that miss a cancellation."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

# In seconds.
AGAIN_AFTER = 0.2


async def end(tasks: Collection[asyncio.Task[None]]) -> None:
    """Cancel tasks until all have ended.

    Once is not enough: a cancellation that comes in the same moment as a time-out within a task
    is taken for the time-out, and the task goes on.
    """
    running = [task for task in tasks if not task.done()]
    while running:
        for task in running:
            task.cancel()
        _, left = await asyncio.wait(running, timeout=AGAIN_AFTER)
        running = list(left)
