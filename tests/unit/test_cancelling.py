"""`api.cancelling`: a task that takes a cancellation for something else still ends."""

from __future__ import annotations

import asyncio

from api.cancelling import end


def test_a_cancellation_that_was_swallowed() -> None:
    """It is said again, until the task has heard it."""

    async def run() -> None:
        swallowed = 0

        async def deaf() -> None:
            nonlocal swallowed
            while True:
                try:
                    await asyncio.sleep(60)
                except asyncio.CancelledError:
                    swallowed += 1
                    if swallowed == 3:
                        raise

        async def done() -> None:
            return

        tasks = [asyncio.create_task(deaf()), asyncio.create_task(done())]
        await asyncio.sleep(0)
        await asyncio.wait_for(end(tasks), 10)
        assert swallowed == 3
        assert all(task.done() for task in tasks)

    asyncio.run(run())
