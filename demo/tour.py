"""The demo: with a screen it hands you the program, without one it takes the tour by itself.

The tour signs in, calls the echo, is called, holds, transfers and hangs up; with each step it prints what it
measured in the sound that really came, or where there is none how long the step took, and saves a screenshot.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from demo.measure import AUDIBLE_DBFS, LONGEST_S, Ear, Mouth, journey, level_dbfs
from demo.meeting import CAMERA, CUSTOMER, SECOND, MeetingTour, Talk, appointment, customer
from demo.phone import DemoFailed, Phone, until
from demo.town import CALLER, ECHO, MUSIC, YOU, Town

SETTLE_S = 1.0
"""After so long the jitter buffers have settled."""
TALK_S = 2.0
LISTENINGS = 3
"""On a busy machine jitter buffers go on adapting for a while; what is heard wrongly three times is wrong."""
QUIET_S = 0.5
RING_S = 0.8
HEARD_S = 5.0
"""A recording that has not come so far by then will never."""
FINE_S = 0.01
WINDOWS_S = 10.0
LIKE = 0.6
OFFSCREEN = {"QT_QPA_PLATFORM": "offscreen", "QT_LOGGING_RULES": "default.warning=false"}


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
        await you.start(town.company)
        await town.bring_in(you, YOU)
        town.call_back()
        print(f"Signed in as {YOU} at {town.address}.")
        print(f"Dial {ECHO} for the echo, {MUSIC} for music; {CALLER} calls you back when you hang up.")
        if town.office is not None:
            await _fill_lobby(town, you)
        return await you.wait()
    finally:
        await you.stop()


async def _fill_lobby(town: Town, you: Phone) -> None:
    """A meeting to go to: one customer waits, another may come from a browser."""
    made = await appointment(you)
    await customer(town, made.links[CUSTOMER])
    print(f"{CUSTOMER} waits in the lobby of your meeting: Remote meetings, Join, Let in.")
    print(f"Be {SECOND} in a browser on this computer: {made.links[SECOND]}")
    print("The browser will ask whether to go on: the certificate was made for this demo alone.")
    print("Firefox sends no pictures within one computer; take Chrome, Edge or Chromium.", flush=True)


class Tour:
    """One walk through the program, told on standard output."""

    def __init__(self, town: Town, pictures: Path) -> None:
        self._town = town
        self._pictures = pictures
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
            await self._hold()
            await self._transfer()
            if self._town.office is not None:
                await MeetingTour(self._town, self._you, self).take()
        finally:
            await self._you.stop()
        print(f"Done. The screenshots are in {self._pictures}")

    async def _start(self) -> None:
        asked = time.time()
        devices = {
            **self._town.devices("you"),
            **self._town.company,
            **CAMERA,
            "control.allow_screenshot": "true",
        }
        await self._you.start(devices, {} if has_screen() else OFFSCREEN)
        await self._picture()
        took = _since(asked)
        await self.tell("The program is open and asks who you are", None, took, "from start to window")

    async def _sign_in(self) -> None:
        asked = time.time()
        await self._town.bring_in(self._you, YOU)
        took = _since(asked)
        account = (await self._you.control("status"))["account"]
        if account["state"] != "registered":
            raise DemoFailed(f"not registered but {account}")
        text = f"Signed in as {account['user']} over {account['transport']}"
        await self.tell(text, None, took, "from asking to registered")

    async def _call_the_echo(self) -> None:
        await self._you.control("dial", target=ECHO)
        await self._you.call_in("active")
        talk = await self.listen("you", "you")
        (call,) = await self._you.calls()
        text = f"Talking to the echo ({call['codec']}, {call['encryption']})"
        await self.tell_talk(text, talk, "from mouth by echo to ear")
        await self._hang_up("Hung up", "you", "echo")

    async def _be_called(self) -> None:
        dialled = time.time()
        await self._town.person("caller").control("dial", target=YOU)
        await self._you.call_in("ringing")
        ring = await self._heard(self._town.ring("you"), time.time() + RING_S)
        rung = ring.audible(dialled, ring.ended)
        if rung is None:
            raise DemoFailed("the ring is not heard")
        level = level_dbfs(ring.between(rung[0], rung[0] + RING_S))
        await self.tell(
            f"{CALLER} calls, and it rings", level, 1000 * (rung[0] - dialled), "from dialling to ring"
        )
        await self._you.control("answer")
        await self._you.call_in("active")
        talk = await self.listen("caller", "you")
        await self.tell_talk("Answered", talk, f"from {CALLER}'s mouth to ear")

    async def _hold(self) -> None:
        asked = time.time()
        await self._you.control("hold")
        held = time.time() + SETTLE_S
        ears = [await self._heard(self._town.ear(name), held + QUIET_S) for name in ("you", "caller")]
        level = max(level_dbfs(ear.between(held, held + QUIET_S)) for ear in ears)
        if level > AUDIBLE_DBFS:
            raise DemoFailed(f"on hold something is heard, {level:.0f} dBFS")
        sounds = [sound for ear in ears if (sound := ear.audible(asked, held))]
        took = 1000 * (max((last for _, last in sounds), default=asked) - asked)
        await self.tell(
            "On hold: neither hears the other", level, took, "from asking to silence in both ears"
        )
        await self._you.control("resume")
        talk = await self.listen("caller", "you")
        await self.tell_talk("Off hold again", talk, f"from {CALLER}'s mouth to ear")

    async def _transfer(self) -> None:
        (call,) = await self._you.calls()
        await self._you.control("transfer", id=call["id"], target=MUSIC)
        await self._you.no_calls()
        await self._town.person("music").call_in("active")
        talk = await self.listen("music", "caller")
        text = f"Transferred: {CALLER} hears {MUSIC}'s music"
        await self.tell_talk(text, talk, f"from {MUSIC} to {CALLER}'s ear")
        await self._hang_up("Everybody has hung up", "caller", "music")

    async def _hang_up(self, text: str, name: str, other: str) -> None:
        """This one hangs up on the other: both lines become free, and the ear silent."""
        phones = [self._phone(name), self._phone(other)]
        asked = time.time()
        await phones[0].control("hangup")
        await asyncio.gather(*(phone.no_calls(poll_s=FINE_S) for phone in phones))
        took, quiet = _since(asked), time.time() + QUIET_S
        ear = await self._heard(self._town.ear(name), quiet + QUIET_S)
        level = level_dbfs(ear.between(quiet, quiet + QUIET_S))
        if level > AUDIBLE_DBFS:
            raise DemoFailed(f"after hanging up something is heard, {level:.0f} dBFS")
        await self.tell(text, level, took, "from asking to both lines free")

    def _phone(self, name: str) -> Phone:
        return self._you if name == self._you.name else self._town.person(name)

    # --- measuring -------------------------------------------------------------------------------------

    async def listen(self, speaker: str, listener: str) -> Talk:
        """How loud, how late and how alike the listener hears the speaker, once it goes smoothly."""
        for _ in range(LISTENINGS):
            talk = await self._listen_once(speaker, listener)
            if talk.likeness >= LIKE and talk.level_dbfs >= AUDIBLE_DBFS:
                return talk
        figures = f"likeness {talk.likeness:.2f}, level {talk.level_dbfs:.0f} dBFS"
        raise DemoFailed(f"{listener} does not hear what {speaker} says: {figures}")

    async def _listen_once(self, speaker: str, listener: str) -> Talk:
        start = time.time() + SETTLE_S
        stop = start + TALK_S
        ear = await self._heard(self._town.ear(listener), stop + LONGEST_S)
        found = journey(Mouth(self._town.mouth(speaker)), ear, start, stop)
        return Talk(level_dbfs(ear.between(start, stop)), found.delay_ms, found.likeness)

    async def level_in(self, ear: str, start: float, stop: float) -> float:
        """How loud it was in somebody's ear then, in dBFS."""
        return level_dbfs((await self._heard(self._town.ear(ear), stop)).between(start, stop))

    async def _heard(self, ear: Path, moment: float) -> Ear:
        """The recording, once it is written up to this moment."""
        found: list[Ear] = []

        async def written() -> bool:
            found[:] = [Ear(ear)] if ear.exists() else []
            return bool(found) and found[0].ended >= moment

        if not await until(written, HEARD_S):
            raise DemoFailed(f"nothing is played into {ear.name}")
        return found[0]

    # --- telling -----------------------------------------------------------------------------------------

    async def tell(self, text: str, level_dbfs: float | None, delay_ms: float, what: str) -> None:
        """One step: its picture, and a line with its level (None: there is no sound yet) and its delay."""
        await self._picture()
        self._step += 1
        level = "-" if level_dbfs is None else f"{level_dbfs:.0f} dBFS"
        print(f"{self._step:2}. {text}: level {level}, delay {delay_ms:.0f} ms {what}", flush=True)

    async def tell_talk(self, text: str, talk: Talk, way: str) -> None:
        what = f"{way}, likeness {talk.likeness:.2f}"
        await self.tell(text, talk.level_dbfs, talk.delay_ms, what)

    async def _picture(self) -> None:
        """Save the coming step's picture; windows open a moment after what they tell."""
        picture = self._pictures / f"tour-{self._step + 1:02}.png"

        async def pictured() -> bool:
            try:
                await self._you.control("screenshot", path=str(picture))
            except DemoFailed:
                return False
            return True

        if not await until(pictured, WINDOWS_S):
            raise DemoFailed("no window opens")


def _since(moment: float) -> float:
    """Milliseconds from then to now."""
    return 1000 * (time.time() - moment)
