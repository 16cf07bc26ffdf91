"""What grows is counted."""

from __future__ import annotations

import asyncio
import gc
import threading

from softphone.runtime import resources


class Odd:
    """Something nothing else makes."""

    def __init__(self) -> None:
        self.itself = self


async def test_tasks_threads_and_objects_are_counted() -> None:
    gc.collect()
    before = resources.used()
    held = [Odd() for _ in range(100_000)]
    asleep = asyncio.create_task(asyncio.sleep(60))
    go_on = threading.Event()
    waiting = threading.Thread(target=go_on.wait)
    waiting.start()
    after = resources.used()
    counted = resources.kinds()
    go_on.set()
    waiting.join()
    asleep.cancel()
    assert (after.tasks - before.tasks, after.threads - before.threads) == (1, 1)
    assert after.objects - before.objects >= len(held)
    assert counted[f"{__name__}.Odd"] == len(held)
