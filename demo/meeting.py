"""The demo's remote meeting: an appointment, a customer who waits in its lobby, and the walk through it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Protocol

from demo.measure import AUDIBLE_DBFS
from demo.phone import DemoFailed, Phone, until
from demo.town import CALLER, Town

CUSTOMER, SECOND = "Aino Asiakas", "Matti Meikäläinen"
TITLE = "Loan talk"
HELLO = "Good morning! Can you see me?"
CAMERA = {"video.camera": "fake:demo", "video.size": "360p"}
"""Two programs and the engine share one computer, and whatever else it does."""
PICTURE_S = 20.0
SEEN_FPS = 5.0
HELD_S = 1.0


class Appointment(NamedTuple):
    """What was made: its id and each customer's link."""

    id: str
    links: dict[str, str]


class Talk(NamedTuple):
    """Somebody's speech in another's ear; `likeness` 0…1 to what was said."""

    level_dbfs: float
    delay_ms: float
    likeness: float


class Telling(Protocol):
    """What the tour lends to its parts."""

    async def tell(self, text: str, level_dbfs: float | None, delay_ms: float, what: str) -> None:
        """One step."""
        ...

    async def tell_talk(self, text: str, talk: Talk, way: str) -> None:
        """One step in which somebody is heard."""
        ...

    async def listen(self, speaker: str, listener: str) -> Talk:
        """How the listener hears the speaker."""
        ...

    async def level_in(self, ear: str, start: float, stop: float) -> float:
        """How loud it was in somebody's ear then, in dBFS."""
        ...


async def appointment(host: Phone) -> Appointment:
    """One that begins now, for two customers, made as any program makes one."""
    now = datetime.now(UTC).replace(microsecond=0)
    wish = {
        "title": TITLE,
        "description": "A first talk about the loan for your new home.",
        "start": now.isoformat(),
        "end": (now + timedelta(hours=1)).isoformat(),
        "time_zone": "Europe/Helsinki",
        "office": "Helsinki",
        "expert_number": CALLER,
        "participants": [{"name": CUSTOMER}, {"name": SECOND, "language": "sv"}],
    }
    made = await host.control("meeting-create", appointment=wish)
    return Appointment(made["id"], {one["name"]: one["link"] for one in made["participants"]})


async def customer(town: Town, link: str) -> Phone:
    """A customer's program, from the link into the lobby."""
    phone = town.guest("customer")
    await phone.start({**town.devices("customer"), **CAMERA, "sip.ca_file": str(town.certificate)})
    await phone.control("meeting-open", target=link)
    await phone.control("meeting-join", camera="on", microphone="on")
    await _until(phone, lambda found: found["state"] == "waiting", "does not come to the lobby")
    return phone


class MeetingTour:
    """The steps of a meeting, told like the others of the tour."""

    def __init__(self, town: Town, you: Phone, telling: Telling) -> None:
        self._town, self._you, self._telling = town, you, telling

    async def take(self) -> None:
        """All of them. Raises DemoFailed at the first that doesn't come true."""
        made = await appointment(self._you)
        waiting = await self._knock(made)
        await self._let_in(waiting)
        await self._talk()
        await self._confirm(waiting)
        await self._chat(waiting)
        await self._phone_beside(waiting)
        await self._goodbye(waiting)

    async def _knock(self, made: Appointment) -> Phone:
        await self._you.control("meeting-open", target=made.id)
        await self._you.control("meeting-join", camera="on", microphone="on")
        asked = time.time()
        guest = await customer(self._town, made.links[CUSTOMER])
        await _until(self._you, _somebody("waiting"), "the customer is not seen waiting")
        text = f"{CUSTOMER} opened the link and waits in the lobby of “{TITLE}”"
        await self._telling.tell(
            text, None, _since(asked), "from starting the customer's program to the knock"
        )
        return guest

    async def _let_in(self, guest: Phone) -> None:
        asked = time.time()
        await self._you.control("meeting-admit", id="all")
        for phone in (self._you, guest):
            await _until(phone, _picture_comes, f"{phone.name} sees nothing")
        (video,) = _videos(await self._you.control("meeting-status"))
        size = f"{video['width']}×{video['height']}, {video['codec']}"
        await self._telling.tell(
            f"Let in: each sees the other ({size})", None, _since(asked), "from letting in to both pictures"
        )

    async def _talk(self) -> None:
        for speaker, listener, text in (
            ("customer", "you", f"You hear {CUSTOMER}"),
            ("you", "customer", f"{CUSTOMER} hears you"),
        ):
            talk = await self._telling.listen(speaker, listener)
            await self._telling.tell_talk(text, talk, "from mouth to ear through the meeting")

    async def _confirm(self, guest: Phone) -> None:
        asked = time.time()
        made = await self._you.control("meeting-code")
        await guest.control("meeting-confirm", code=made["code"])
        await _until(self._you, _confirmed, "the code is not seen confirmed")
        await self._telling.tell(
            f"{CUSTOMER} typed the code you read out: code confirmed",
            None,
            _since(asked),
            "from asking for a code to its confirmation",
        )

    async def _chat(self, guest: Phone) -> None:
        asked = time.time()
        await guest.control("meeting-chat", text=HELLO)
        await _until(self._you, _written, "the chat does not come")
        await self._telling.tell(
            f"{CUSTOMER} writes: {HELLO}", None, _since(asked), "from sending to reading"
        )

    async def _phone_beside(self, guest: Phone) -> None:
        caller = self._town.person("caller")
        asked = time.time()
        await self._you.control("meeting-call")
        await self._you.call_in("active")
        await _until(self._you, lambda found: bool(found["held"]), "the meeting is not held")
        took = _since(asked)
        await asyncio.sleep(HELD_S)
        now = time.time()
        level = await self._telling.level_in("customer", now, now + HELD_S)
        if level > AUDIBLE_DBFS:
            raise DemoFailed(f"the customer hears the phone call, {level:.0f} dBFS")
        text = f"You phone {CALLER} beside the meeting: {CUSTOMER} hears nothing of it"
        await self._telling.tell(text, level, took, "from pressing Call to talking")
        await self._you.control("hangup")
        await asyncio.gather(self._you.no_calls(), caller.no_calls())
        await _until(self._you, lambda found: not found["held"], "the meeting stays held")
        talk = await self._telling.listen("customer", "you")
        await self._telling.tell_talk("Back in the meeting", talk, "from mouth to ear through the meeting")

    async def _goodbye(self, guest: Phone) -> None:
        asked = time.time()
        await self._you.control("meeting-end")
        for phone in (self._you, guest):
            await _until(phone, _over, f"{phone.name} stays in the meeting")
        await self._telling.tell(
            "The meeting has ended for everybody", None, _since(asked), "from ending it to both goodbyes"
        )


async def _until(phone: Phone, so: Callable[[dict[str, Any]], bool], otherwise: str) -> None:
    async def found() -> bool:
        return so(await phone.control("meeting-status"))

    ask: Callable[[], Awaitable[bool]] = found
    if not await until(ask, PICTURE_S):
        raise DemoFailed(f"{phone.name}: {otherwise}: {await phone.control('meeting-status')}")


def _somebody(state: str) -> Callable[[dict[str, Any]], bool]:
    return lambda found: any(one["state"] == state for one in found["participants"])


def _videos(found: dict[str, Any]) -> list[dict[str, Any]]:
    tracks = [track for one in found["participants"] for track in one["tracks"]]
    return [track for track in tracks if track["kind"] == "video" and track["fps"] >= SEEN_FPS]


def _picture_comes(found: dict[str, Any]) -> bool:
    return len(_videos(found)) == 1


def _confirmed(found: dict[str, Any]) -> bool:
    return any(one["code_confirmed"] for one in found["participants"])


def _written(found: dict[str, Any]) -> bool:
    return any(line["text"] == HELLO for line in found["chat"])


def _over(found: dict[str, Any]) -> bool:
    return found["state"] in ("none", "left")


def _since(moment: float) -> float:
    """Milliseconds from then to now."""
    return 1000 * (time.time() - moment)
