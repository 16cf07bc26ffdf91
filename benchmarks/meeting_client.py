"""A program's media in a process of its own, so that its CPU time and memory are its own. Talks JSON lines.

In: {"do": …} and answers to what it asks; out: {"ask": command}, {"reply": …}. Started by benchmarks.meeting.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from devices.cameras.fake import wall_milliseconds
from devices.cameras.registry import system_cameras
from devices.cameras.types import Wish
from media.video.timecode import read_pixels
from service_api.meeting import Command, Done
from softphone.adapters.cameras import CameraDesk
from softphone.adapters.meeting_media import AiortcMedia
from softphone.domain.errors import MeetingRefused
from tests.lab.ear import Head

PIPE_LIMIT = 2**20


@dataclass
class Watcher:
    """Looks at one session's pictures as a window would: takes each, and copies it once as painting does."""

    media: AiortcMedia
    session: str
    timed: bool
    first: int = 0
    last: float = 0.0
    gap: float = 0.0
    pictures: int = 0
    delays: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._canvas = np.zeros(0, np.uint8)
        self.media.picture(self.session).listen(self._fresh)

    def _fresh(self) -> None:
        """On whatever thread decodes."""
        self._loop.call_soon_threadsafe(self._shown)

    def _shown(self) -> None:
        frame = self.media.picture(self.session).take()
        if frame is None:
            return
        now = time.monotonic()
        self.first = self.first or wall_milliseconds()
        self.gap = max(self.gap, now - self.last) if self.last else 0.0
        self.last = now
        self.pictures += 1
        if self._canvas.size != frame.pixels.size:
            self._canvas = np.zeros(frame.pixels.size, np.uint8)
        np.copyto(self._canvas, frame.pixels.reshape(-1))
        if self.timed and (told := read_pixels(frame.pixels)) is not None:
            self.delays.append((wall_milliseconds() - told) & 0xFFFF_FFFF)

    def seen(self) -> dict[str, Any]:
        """Since the last time; as tests.lab.timed_page has it."""
        found = {
            "first": self.first,
            "gap": round(1000 * self.gap),
            "pictures": self.pictures,
            "delays": self.delays,
        }
        self.gap, self.pictures, self.delays = 0.0, 0, []
        for track in self.media.tracks(""):
            found["sent"] = f"{track.height}p{track.fps:.0f}"
        video = [track for track in self.media.tracks(self.session) if track.kind == "video"]
        for track in video:
            found |= {"freezes": track.freezes, "width": track.width, "height": track.height}
        sound = self.media.sound(self.session)
        if sound is not None:
            found |= {
                "sounds": sound.received,
                "lost": sound.lost,
                "fec": sound.recovered,
                "samples": sound.played,
                "concealed": sound.concealed,
            }
        return found


class Client:
    """The process."""

    def __init__(self, media: AiortcMedia) -> None:
        self._media = media
        self._watchers: dict[str, Watcher] = {}
        self._asked: dict[str, asyncio.Future[Done]] = {}

    async def signal(self, command: Command) -> Done:
        """Ask the parent, which has the engine."""
        answer: asyncio.Future[Done] = asyncio.get_running_loop().create_future()
        self._asked[command.id] = answer
        say({"ask": command.model_dump(mode="json")})
        return await answer

    async def do(self, line: dict[str, Any]) -> object:
        """What the parent says."""
        media = self._media
        match line["do"]:
            case "join":
                await media.start(self.signal, lambda: None, lambda trouble: None)
                self._watchers.clear()
                for feed, session in line["feeds"].items():
                    self._watchers[session] = Watcher(media, session, line["timed"])
                    await media.feed_added(feed, session, audio=True, video=True)
                if line["camera"]:
                    await media.camera(True)
                    await asyncio.sleep(line["camera_s"])
                began = wall_milliseconds()
                await media.join()
                return began
            case "seen":
                return self._watchers[line["session"]].seen()
            case "leave":
                await media.leave()
        return None

    def answered(self, line: dict[str, Any]) -> None:
        """The parent's answer to a command."""
        answer = self._asked.pop(line["id"])
        if answer.done():  # who asked has gone
            return
        if "refused" in line:
            answer.set_exception(MeetingRefused(line["refused"]))
        else:
            answer.set_result(Done(**line["done"]))


def say(line: dict[str, Any]) -> None:
    """One line to the parent."""
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


async def run(camera: str, wish: Wish, tone: float) -> None:
    """Until the parent closes the pipe."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=PIPE_LIMIT)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    desk = CameraDesk(system_cameras(), lambda: camera, lambda: wish)
    await desk.start()
    working: set[asyncio.Task[None]] = set()
    async with Head(tone) as head:
        client = Client(AiortcMedia(head, desk))

        async def work(line: dict[str, Any]) -> None:
            say({"reply": line["number"], "with": await client.do(line)})

        while text := await reader.readline():
            line = json.loads(text)
            if "do" in line:
                task = loop.create_task(work(line))
                working.add(task)
                task.add_done_callback(working.discard)
            else:
                client.answered(line)
        await client.do({"do": "leave"})
    await desk.close()


def main(argv: Sequence[str] | None = None) -> None:
    """See above."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--camera", default="fake:benchmark")
    given.add_argument("--height", type=int, default=720)
    given.add_argument("--tone", type=float, default=500.0)
    asked = given.parse_args(argv)
    sys.setswitchinterval(0.0005)
    asyncio.run(run(asked.camera, Wish(asked.height * 16 // 9, asked.height, 30), asked.tone))


if __name__ == "__main__":
    main()
