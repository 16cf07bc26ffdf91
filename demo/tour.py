"""The demo: with a screen it hands you the program, without one it takes the tour by itself.

The tour signs in, calls the echo, is called, holds, transfers and hangs up; after each step it prints what it
measured in the sound that really came, and it saves screenshots.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from demo.measure import Samples, find, level_dbfs, read_wav
from demo.phone import DemoFailed, Phone, until
from demo.town import CALLER, ECHO, MUSIC, YOU, Town

TALK_S = 3.0
WINDOWS_S = 10.0
AUDIBLE_DBFS = -50.0
LIKE = 0.6
OFFSCREEN = {"QT_QPA_PLATFORM": "offscreen", "QT_LOGGING_RULES": "default.warning=false"}
WORD_AT_S, WORD_S = 1.5, 0.5
"""Which part of the voice is looked for in the echo: late enough for the jitter buffers to have settled."""


def has_screen() -> bool:
    """Whether windows can be shown to a person."""
    return sys.platform in ("win32", "darwin") or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )


def main(arguments: Sequence[str] = ()) -> int:
    """`demo [--tour] [--screenshots DIR]`; returns the exit code."""
    parser = argparse.ArgumentParser(prog="demo")
    parser.add_argument("--tour", action="store_true", help="take the tour although there is a screen")
    parser.add_argument(
        "--screenshots", type=Path, default=Path("screenshots"), help="folder for its pictures"
    )
    chosen = parser.parse_args(arguments)
    try:
        return asyncio.run(_demo(tour=chosen.tour or not has_screen(), pictures=chosen.screenshots))
    except DemoFailed as failure:
        print(f"demo: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


async def _demo(*, tour: bool, pictures: Path) -> int:
    with tempfile.TemporaryDirectory(prefix="softphone-demo-", ignore_cleanup_errors=True) as folder:
        town = Town(Path(folder))
        try:
            print("Starting the exchange and the people to call …", flush=True)
            await town.start()
            if tour:
                await Tour(town, pictures.resolve()).take()
                return 0
            return await _hand_over(town)
        finally:
            await town.stop()


async def _hand_over(town: Town) -> int:
    """The program with its windows, signed in, until the person quits it."""
    you = Phone("you", town.folder / "you", headless=False)
    try:
        await you.start({})
        await town.bring_in(you, YOU)
        town.call_back()
        print(f"Signed in as {YOU} at {town.address}.")
        print(f"Dial {ECHO} for the echo, {MUSIC} for music; {CALLER} calls you back when you hang up.")
        return await you.wait()
    finally:
        await you.stop()


class Tour:
    """One walk through the program, told on standard output."""

    def __init__(self, town: Town, pictures: Path) -> None:
        self._town = town
        self._pictures = pictures
        self._ear = town.folder / "heard-by-you.wav"
        self._you = Phone("you", town.folder / "you", headless=False)
        self._step = 0

    async def take(self) -> None:
        """All steps; raises DemoFailed at the first that doesn't come true."""
        self._pictures.mkdir(parents=True, exist_ok=True)
        try:
            await self._start()
            await self._sign_in()
            await self._call_the_echo()
            await self._be_called()
            await self._transfer()
        finally:
            await self._you.stop()
        print(f"Done. The screenshots are in {self._pictures}")

    async def _start(self) -> None:
        devices = {
            "audio.microphone": f"file:{self._town.voice}",
            "audio.speaker": f"file:{self._ear}",
            "audio.ring": f"file:{self._town.folder / 'ring.wav'}",
            "control.allow_screenshot": "true",
        }
        offscreen = {} if has_screen() else OFFSCREEN
        await self._you.start(devices, offscreen)
        await self._tell("The program is open and asks who you are")

    async def _sign_in(self) -> None:
        await self._town.bring_in(self._you, YOU)
        account = (await self._you.control("status"))["account"]
        if account["state"] != "registered":
            raise DemoFailed(f"not registered but {account}")
        await self._tell(f"Signed in as {account['user']} over {account['transport']}")

    async def _call_the_echo(self) -> None:
        await self._you.control("dial", target=ECHO)
        call = await self._you.call_in("active")
        await asyncio.sleep(TALK_S)
        now = next(iter(await self._you.calls()), call)
        await self._tell(f"Talking to the echo: {now['codec']}, encryption {now['encryption'] or 'none'}")
        await self._you.control("hangup")
        await self._you.no_calls()
        said, rate = read_wav(self._town.voice)
        heard, _ = read_wav(self._ear)
        word = said[int(WORD_AT_S * rate) : int((WORD_AT_S + WORD_S) * rate)]
        echo = find(word, heard, rate)
        if echo.likeness < LIKE:
            raise DemoFailed(f"what came back is not what was said: likeness {echo.likeness:.2f}")
        self._measured(f"the echo is the voice that spoke (likeness {echo.likeness:.2f}){_delay(now)}", heard)

    async def _be_called(self) -> None:
        before = self._heard_so_far()
        caller = self._town.person("caller")
        await caller.control("dial", target=YOU)
        await self._you.call_in("ringing")
        await self._tell(f"{CALLER} calls, and it rings")
        await self._you.control("answer")
        await self._you.call_in("active")
        await asyncio.sleep(TALK_S)
        (call,) = await self._you.calls()
        await self._tell("Answered")
        self._measured(f"the caller's music arrives{_delay(call)}", self._heard_since(before))
        await self._you.control("hold")
        await self._tell("On hold")
        before = self._heard_so_far()
        await self._you.control("resume")
        await asyncio.sleep(TALK_S / 2)
        self._measured("off hold again, music", self._heard_since(before))

    async def _transfer(self) -> None:
        (call,) = await self._you.calls()
        await self._you.control("transfer", id=call["id"], target=MUSIC)
        await self._you.no_calls()
        with_music = await self._town.person("music").call_in("active")
        await self._tell(f"Transferred: {CALLER} now hears {MUSIC} ({with_music['codec']})")
        caller = self._town.person("caller")
        await caller.control("hangup")
        await self._town.person("music").no_calls()
        await self._tell("Everybody has hung up")

    # --- telling and measuring -------------------------------------------------------------------

    async def _tell(self, text: str) -> None:
        self._step += 1
        picture = self._pictures / f"tour-{self._step:02}.png"
        if not await until(lambda: self._pictured(picture), WINDOWS_S):
            raise DemoFailed("no window opens")
        print(f"{self._step:2}. {text}", flush=True)

    async def _pictured(self, picture: Path) -> bool:
        """Whether a window was there to be pictured; windows open a moment after what they tell."""
        try:
            await self._you.control("screenshot", path=str(picture))
        except DemoFailed:
            return False
        return True

    def _measured(self, text: str, samples: Samples) -> None:
        level = level_dbfs(samples)
        print(f"    {text}; level {level:.0f} dBFS", flush=True)
        if level < AUDIBLE_DBFS:
            raise DemoFailed(f"too quiet to be heard: {text}, {level:.0f} dBFS")

    def _heard_so_far(self) -> int:
        return len(read_wav(self._ear)[0])

    def _heard_since(self, start: int) -> Samples:
        return read_wav(self._ear)[0][start:]


def _delay(call: dict[str, Any]) -> str:
    """How long sound waits in the jitter buffer, and the network's round trip once RTCP has told it."""
    quality = call["quality"]
    if quality is None:
        return ""
    trip = "" if quality["rtt_ms"] is None else f", round trip {quality['rtt_ms']:.1f} ms"
    return f", played {quality['playout_delay_ms']:.0f} ms after it arrived{trip}"
