from __future__ import annotations

import asyncio
import threading

import pytest

from devices.types import DeviceFailure
from softphone.adapters.sound_worker import SoundWorker


class Stream:
    """Tells when it was closed and on which thread."""

    def __init__(self) -> None:
        self.closed = threading.Event()
        self.closed_on = ""

    def close(self) -> None:
        self.closed_on = threading.current_thread().name
        self.closed.set()


async def test_everything_runs_on_one_and_the_same_other_thread() -> None:
    worker = SoundWorker()
    names = {await worker.run(lambda: threading.current_thread().name) for _ in range(5)}
    assert len(names) == 1
    assert names != {threading.current_thread().name}
    worker.close()


async def test_what_fails_there_is_raised_here() -> None:
    worker = SoundWorker()

    def opener(device: str) -> Stream:
        raise DeviceFailure(f"{device} can't be opened")

    with pytest.raises(DeviceFailure, match="headset can't be opened"):
        await worker.open(opener, "headset")
    worker.close()


async def test_a_stream_nobody_waits_for_any_more_is_closed_by_the_worker() -> None:
    worker, stream, entered, go = SoundWorker(), Stream(), threading.Event(), threading.Event()

    def opener(_device: str) -> Stream:
        entered.set()
        assert go.wait(10)
        return stream

    waiting = asyncio.create_task(worker.open(opener, "slow headset"))
    await asyncio.to_thread(entered.wait, 10)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    go.set()
    assert await asyncio.to_thread(stream.closed.wait, 10)
    assert stream.closed_on.startswith("sound")
    worker.close()


async def test_an_opening_that_has_not_begun_is_called_off() -> None:
    worker, go, opened = SoundWorker(), threading.Event(), list[str]()

    def opener(device: str) -> Stream:
        opened.append(device)
        return Stream()

    busy = asyncio.create_task(worker.run(go.wait, 10))
    await asyncio.sleep(0)
    waiting = asyncio.create_task(worker.open(opener, "headset"))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    go.set()
    await busy
    assert opened == []
    worker.close()


async def test_a_stream_that_is_left_is_closed_a_little_later() -> None:
    worker, stream = SoundWorker(), Stream()
    worker.release_after(stream, 0.01)
    assert not stream.closed.is_set()
    assert await asyncio.to_thread(stream.closed.wait, 10)
    assert stream.closed_on.startswith("sound")
    worker.close()


async def test_a_stream_that_is_left_is_closed_with_the_worker() -> None:
    worker, stream = SoundWorker(), Stream()
    worker.release_after(stream, 60)
    worker.close()
    assert await asyncio.to_thread(stream.closed.wait, 10)
