"""A meeting's media beside Chromium's, on the same embedded engine and in the same minutes.

    python -m benchmarks.meeting [--seconds 10] [--joins 20] [--only join,delay,cpu,loss,memory,engine]

Join to first picture, camera to screen by the time in the picture, CPU time, loss, memory; and the engine's
own cost by viewers. Both sides take turns; a sender of ours serves both. What is shown is taken and copied
once, as painting does; Chromium paints it in software.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.meeting_sides import ALIAS, Room, Side, browser, cpu_of, memory_of, program
from devices.cameras.fake import TestPicture
from service.media_engine.embedded import EmbeddedEngine
from tests.lab.relay import Relay

SETTLE_S = 4.0
FIRST_S = 10.0
FILM_FRAMES = 30
LOSSES = (0.0, 0.01, 0.05, 0.10)
CASES = ((720, 1), (720, 3), (360, 1), (360, 3))
Sides = Callable[..., Any]


def title(text: str) -> None:
    """Before each part, with what else the machine does now."""
    print(f"\n=== {text} (load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores)", flush=True)


def write_film(path: Path, height: int) -> str:
    """A second of the moving picture, uncompressed, for both sides' cameras."""
    picture = TestPicture(height * 16 // 9, height)
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{picture.width} H{picture.height} F30:1 Ip A1:1 C420jpeg\n".encode())
        for number in range(FILM_FRAMES):
            planes = picture.at(2 * number / FILM_FRAMES, number).to_ndarray()
            file.write(b"FRAME\n" + planes.tobytes())
    return str(path)


@asynccontextmanager
async def a_room() -> AsyncIterator[Room]:
    """An engine with nobody in it."""
    engine = EmbeddedEngine()
    await engine.start()
    try:
        yield Room(engine)
    finally:
        await engine.close()


@asynccontextmanager
async def sender(room: Room, *, camera: str = "fake:sender", height: int = 720) -> AsyncIterator[str]:
    """One of ours that only sends; its feed."""
    async with program(room, "sender", camera=camera, height=height) as side:
        await side.join({})
        while "sender" not in room.feeds:
            await asyncio.sleep(0.02)
        await asyncio.sleep(SETTLE_S)
        yield room.feeds["sender"]


async def first_picture(side: Side, session: str, began: int) -> int:
    """Milliseconds from the join to the first picture shown."""
    for _ in range(int(FIRST_S / 0.02)):
        if first := (await side.seen(session))["first"]:
            return int(first - began)
        await asyncio.sleep(0.02)
    raise AssertionError(f"{side.name} never saw a picture")


async def joins(room: Room, make: Sides, count: int) -> str:
    """Join to first picture, again and again."""
    took = []
    async with sender(room) as feed, make(room, "side") as side:
        for _ in range(count):
            began = await side.join({feed: "remote"})
            took.append(await first_picture(side, "remote", began))
            await asyncio.sleep(0.3)
            await side.leave()
    low, high = np.percentile(took, [50, 95])
    return f"median {low:.0f} ms, 95th percentile {high:.0f} ms of {count}"


async def delay(room: Room, make: Sides, height: int, seconds: float) -> str:
    """Camera to screen between two of a kind."""
    async with AsyncExitStack() as stack:
        there = await stack.enter_async_context(make(room, "there", height=height, **_timed(make)))
        here = await stack.enter_async_context(make(room, "here", height=height, **_timed(make)))
        await there.join({})
        while "there" not in room.feeds:
            await asyncio.sleep(0.02)
        await here.join({room.feeds["there"]: "there"}, timed=True)
        await asyncio.sleep(SETTLE_S)
        await here.seen("there")
        await asyncio.sleep(seconds)
        found = await here.seen("there")
    low, high = np.percentile(found["delays"] or [np.nan], [50, 95])
    return f"median {low:.0f} ms, 95th percentile {high:.0f} ms, {found['pictures'] / seconds:.1f} pictures/s"


def _timed(make: Sides) -> dict[str, str]:
    return {"kind": "canvas"} if make is browser else {}


async def cost(room: Room, make: Sides, films: dict[int, str], case: tuple[int, int], seconds: float) -> str:
    """CPU of sending one picture and showing some, all of one height."""
    height, shown = case
    film = films[height]
    camera = {"film": film} if make is browser else {"camera": f"file:{film}"}
    async with (
        sender(room, camera=f"file:{film}", height=height) as feed,
        make(room, "side", height=height, **camera) as side,
    ):
        feeds = {f"{feed}{ALIAS}{number}": f"remote{number}" for number in range(shown)}
        await side.join(feeds)
        await asyncio.sleep(SETTLE_S)
        for session in feeds.values():
            await side.seen(session)
        used = await cpu_of(side, seconds)
        found = [await side.seen(session) for session in feeds.values()]
    shown_rates = " ".join(f"{one['pictures'] / seconds:.0f}" for one in found)
    sent = found[0].get("sent", "nothing")
    return f"{used:5.2f} CPU s per 10 s, showing {shown_rates} pictures/s, sending {sent}"


async def lossy(room: Room, make: Sides, loss: float, seconds: float) -> str:
    """Freezes and gaps of what one is shown, with packets lost on both ways of the side that is measured."""
    async with (
        sender(room, height=360) as feed,
        Relay() as relay,
        make(room, "side", height=360) as side,
    ):
        room.through = relay.through
        await side.join({feed: "remote"})
        await asyncio.sleep(SETTLE_S)
        relay.loss = loss
        before = await side.seen("remote")
        await asyncio.sleep(seconds)
        after = await side.seen("remote")
        room.through = str
    freezes = after.get("freezes", 0) - before.get("freezes", 0)
    came, lost, fec, played, made_up = (
        after.get(name, 0) - before.get(name, 0) for name in ("sounds", "lost", "fec", "samples", "concealed")
    )
    whole = 50 * (came + fec) / max(1, came + lost)
    return (
        f"longest gap {after['gap']:.0f} ms, {freezes} freezes, "
        f"{after['pictures'] / seconds:.1f} pictures/s; "
        f"sound {50 * came / max(1, came + lost):.1f} + FEC = {whole:.1f} of 50 frames, "
        f"{100 * made_up / max(1, played):.1f} % made up"
    )


async def memory(room: Room, make: Sides) -> str:
    """Growth by joining and leaving."""
    async with sender(room, height=360) as feed, make(room, "side", height=360) as side:
        sizes = []
        for _ in range(11):
            began = await side.join({feed: "remote"})
            await first_picture(side, "remote", began)
            await asyncio.sleep(0.5)
            await side.leave()
            sizes.append(memory_of(side))
    return f"{sizes[0]:.0f} MB after the first join, {sizes[-1]:.0f} MB after ten more"


async def both(text: str, measure: Callable[[Room, Sides], Any]) -> None:
    """One measurement of both sides, one after the other."""
    for name, make in (("ours", program), ("Chromium", browser)):
        async with a_room() as room:
            try:
                found = await asyncio.wait_for(measure(room, make), 300)
            except (TimeoutError, AssertionError) as failure:
                found = f"failed: {failure or 'too slow'}"
        print(f"{text:28} {name:9} {found}", flush=True)


async def run(parts: set[str], seconds: float, count: int) -> None:
    """Every part asked for."""
    with tempfile.TemporaryDirectory() as folder:
        films = {height: write_film(Path(folder) / f"{height}.y4m", height) for height in (360, 720)}
        if "join" in parts:
            title("join to first picture, 720p")
            await both("join", partial(joins, count=count))
        if "delay" in parts:
            title("camera to screen")
            for height in (360, 720):
                await both(f"{height}p", partial(delay, height=height, seconds=seconds))
        if "cpu" in parts:
            title("sending one picture and showing some")
            for case in CASES:
                text = f"{case[0]}p, {case[1]} shown"
                await both(text, partial(cost, films=films, case=case, seconds=seconds))
        if "loss" in parts:
            title("packets lost on both ways, 360p")
            for loss in LOSSES:
                await both(f"{loss:.0%} lost", partial(lossy, loss=loss, seconds=seconds))
        if "memory" in parts:
            title("memory")
            await both("join and leave", memory)
    if "engine" in parts:
        title("the engine by viewers")
        from benchmarks import engine

        await asyncio.to_thread(engine.main, ["--seconds", str(seconds)])


PARTS = ("join", "delay", "cpu", "loss", "memory", "engine")


def main(argv: Sequence[str] | None = None) -> None:
    """Print all parts, or those asked for. Needs Chromium."""
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--seconds", type=float, default=10.0, help="of each measurement")
    given.add_argument("--joins", type=int, default=20)
    given.add_argument("--only", default=",".join(PARTS))
    asked = given.parse_args(argv)
    asyncio.run(run(set(asked.only.split(",")), asked.seconds, asked.joins))


if __name__ == "__main__":
    main()
