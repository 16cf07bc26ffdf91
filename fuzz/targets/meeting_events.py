"""What a meeting's service tells the program: read from the socket, and made into what is shown."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, cast

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosedError
from websockets.frames import Close

from fuzz.cut import joined, parts
from fuzz.json_steps import message_of
from fuzz.judge import on_loop, require
from service_api.meeting import AnyEvent, Say
from softphone.adapters.meeting_socket import _Socket
from softphone.domain.errors import MeetingRefused, ServiceUnreachable
from softphone.domain.meeting import Meeting
from softphone.services.meeting_state import reduce
from tests.doubles.meeting_ports import a_chat_line, a_picture, a_wire_person
from tests.doubles.meetings import a_meeting, a_person

MOST = 40
PERSON = a_wire_person("other").model_dump(mode="json")
EVENTS: tuple[dict[str, object], ...] = (
    {"type": "done", "id": "say"},
    {"type": "refused", "id": "say", "code": "not-allowed"},
    {"type": "welcome", "seq": 1, "resume_token": "s" * 43, "picture": a_picture().model_dump(mode="json")},
    {
        "type": "snapshot",
        "seq": 2,
        "picture": a_picture(people=(a_wire_person("b"),)).model_dump(mode="json"),
    },
    {"type": "you-changed", "seq": 3, "you": {**PERSON, "session": "me", "state": "waiting"}, "place": 2},
    {"type": "person-changed", "seq": 4, "person": PERSON},
    {"type": "person-gone", "seq": 5, "session": "other"},
    {"type": "knocked", "seq": 6, "session": "other"},
    {"type": "other-device", "seq": 7, "participant": "p-other", "name": "Other"},
    {"type": "chat-added", "seq": 8, "line": a_chat_line().model_dump(mode="json")},
    {"type": "code-tried", "seq": 9, "session": "other", "confirmed": True},
    {"type": "ticket", "seq": 10, "ticket": "t" * 43, "expires_in": 30},
    {"type": "feed-added", "seq": 11, "feed": {"id": "f", "session": "other", "audio": True, "video": True}},
    {"type": "feed-removed", "seq": 12, "feed": "f"},
    {"type": "media-lost", "seq": 13},
    {"type": "taken-over", "seq": 14},
    {"type": "ended", "seq": 15, "reason": "over"},
)


class _Wire:
    """As a connection that is told the steps and then closed."""

    def __init__(self, texts: list[str | bytes], code: int) -> None:
        self._texts = texts
        self._code = code

    async def recv(self) -> str | bytes:
        if self._texts:
            return self._texts.pop(0)
        raise ConnectionClosedError(Close(self._code, ""), None)

    async def send(self, text: str) -> None:
        await asyncio.sleep(0)

    async def close(self) -> None:
        return None


def run(data: bytes) -> None:
    """Raises for a finding."""
    first, *steps = parts(data, MOST)
    code = int.from_bytes(first[:2]) if len(first) > 1 else 1000
    on_loop(_told([message_of(step, EVENTS, {}) for step in steps], code))


async def _told(texts: list[str | bytes], code: int) -> None:
    meeting = a_meeting(you=a_person(session=""))
    lost: list[str] = []

    def heard(event: AnyEvent) -> None:
        nonlocal meeting
        meeting = reduce(meeting, event)
        _sound(meeting)

    socket = _Socket(cast(ClientConnection, _Wire(texts, code)), cast(Any, heard), lost.append)
    try:
        await socket.send(Say(id="say", text="hello"))
    except (ServiceUnreachable, MeetingRefused):
        await asyncio.sleep(0)
    await asyncio.sleep(1)
    require(len(lost) == 1, "not told once that the connection is lost")
    await socket.close()


def _sound(meeting: Meeting) -> None:
    """Everybody stands in one place only."""
    everybody = [one.session for one in (*meeting.people, *meeting.waiting, *meeting.out)]
    require(len(everybody) == len(set(everybody)), "somebody is there twice")
    require(meeting.you.session not in everybody, "one is among the others oneself")
    lines = [line.id for line in meeting.chat]
    require(len(lines) == len(set(lines)), "a line of chat twice")


def seeds() -> Iterable[bytes]:
    """A meeting from its welcome to its end, the same things twice, and what is nothing at all."""
    yield joined(b"\x03\xe8", b"\x02", *(bytes([number]) for number in range(3, 17)))
    yield joined(
        b"\x11\x33", b"\x02", b"\x05", b"\x05", b"\x09", b"\x09", b"\x03", b"\x06", b"\x05\nseq=-1", b"\x00"
    )
    yield joined(
        b"\x03\xf4", b"\x01", b"\xff{}", b"\xff[", b"\xff\xff", b"\x04\nplace=null", b"\x02\npicture={}"
    )
