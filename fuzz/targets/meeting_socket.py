"""One person's WebSocket to a meeting: commands by number, members changed, or any text at all."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from typing import cast

from starlette.websockets import WebSocket

from fuzz.cut import joined, parts
from fuzz.json_steps import message_of
from fuzz.judge import on_loop, require
from service.adapters.http.socket import Socket
from service.domain.errors import RefusedError
from service.domain.principal import Guest, User
from service_api.meeting import EVENTS, SIZE_LIMIT, Knock
from service_api.states import SessionState
from tests.doubles.meeting_hall import APPOINTMENT, HOST, Client, Hall, a_guest
from tests.doubles.web_socket import PaperWebSocket

MOST = 40
HELLO: dict[str, object] = {"type": "hello", "id": "h", "client": "browser"}
COMMANDS: tuple[dict[str, object], ...] = (
    HELLO,
    {"type": "resync", "id": "c"},
    {"type": "knock", "id": "c", "equipment": {"camera": "works"}, "camera": True},
    {"type": "leave", "id": "c"},
    {"type": "media-state", "id": "c", "camera": True, "microphone": False},
    {"type": "admit", "id": "c", "session": "$1"},
    {"type": "admit-all", "id": "c"},
    {"type": "decline", "id": "c", "session": "$1", "reason": "later"},
    {"type": "put-back", "id": "c", "session": "$1"},
    {"type": "remove", "id": "c", "session": "$1"},
    {"type": "end", "id": "c"},
    {"type": "say", "id": "c", "text": "hello"},
    {"type": "lobby-say", "id": "c", "text": "hello", "session": "$1"},
    {"type": "new-code", "id": "c", "session": "$1"},
    {"type": "confirm-code", "id": "c", "code": "314159"},
    {"type": "redeem", "id": "c", "ticket": "$t"},
    {"type": "publish", "id": "c", "sdp": "v=0"},
    {"type": "unpublish", "id": "c"},
    {"type": "subscribe", "id": "c", "feed": "$f", "video": True, "height": 720},
    {"type": "answer", "id": "c", "subscription": "$s", "sdp": "v=0"},
    {"type": "adjust", "id": "c", "subscription": "$s", "video": False, "height": 0},
    {"type": "unsubscribe", "id": "c", "subscription": "$s"},
)


def run(data: bytes) -> None:
    """Raises for a finding."""
    first, *steps = parts(data, MOST)
    on_loop(_meeting(HOST if first[:1] == b"H" else a_guest(), steps))


async def _meeting(who: User | Guest, steps: list[bytes]) -> None:
    hall = Hall()
    other = await hall.waiting(a_guest(2)) if who is HOST else await hall.host()
    paper = PaperWebSocket(APPOINTMENT)
    serving = asyncio.create_task(Socket(cast(WebSocket, paper), hall.meetings, _good).run(who))
    paper.put(json.dumps(HELLO))
    await _settled()
    for number, step in enumerate(steps):
        paper.put(_sent(step, number, other, paper))
        await _settled()
        if step[:1] == b"\xfe":
            await hall.after(30)
    paper.hang_up()
    await serving
    for text in paper.sent:
        message = EVENTS.validate_json(text)
        require(getattr(message, "code", "") != "server-error", "a fault of the service's own")
        require(len(text) < 4 * SIZE_LIMIT, "an event longer than a client takes")
    await _goes_on(hall)


def _sent(step: bytes, number: int, other: Client, paper: PaperWebSocket) -> str | bytes:
    words = {b"$1": other.session, b"$t": _newest(paper, "ticket"), b"$f": _newest(paper, "feed")}
    text = message_of(step, COMMANDS, {**words, b"$s": _newest(paper, "subscription")})
    if not isinstance(text, str):
        return text
    for word, meant in words.items():
        text = text.replace(word.decode(), meant)
    return text.replace('"id": "c"', f'"id": "c{number}"')


def _newest(paper: PaperWebSocket, member: str) -> str:
    """What the service told last under this name."""
    for text in reversed(paper.sent):
        found = json.loads(text).get(member)
        if isinstance(found, str) and found:
            return found
        if isinstance(found, dict):
            return str(found.get("id", ""))
    return "none"


async def _goes_on(hall: Hall) -> None:
    """The meeting is over where the host has ended it; else the next person can wait in its lobby."""
    try:
        guest = await hall.open(a_guest(3))
    except RefusedError:
        return
    await guest.done(Knock)
    require(
        guest.state() in {SessionState.WAITING, SessionState.WAITING_FOR_OTHERS}, "the next one does not wait"
    )


async def _settled() -> None:
    for _ in range(12):
        await asyncio.sleep(0)


async def _good() -> bool:
    return True


def seeds() -> Iterable[bytes]:
    """Everything a host does, everything a guest does, and what is none of it."""
    yield joined(
        b"H", *(bytes([number]) for number in (2, 15, 16, 5, 6, 12, 13, 11, 4, 8, 9, 7, 18, 19, 20, 21, 17))
    )
    yield joined(
        b"H", b"\x02", b"\x0f", b"\x05", b"\x0d", b"\x0b\ntext=your code is 314159", b"\x0a", b"\x02"
    )
    yield joined(
        b"G", b"\x02", b"\x0c\nsession=null", b"\x0e", b"\x0e\ncode=000000", b"\x01", b"\x03", b"\x00"
    )
    yield joined(b"G", *(bytes([number]) for number in range(22)))
    yield joined(
        b"G", b"\xff{}", b"\xff[1]", b'\xff{"type":"knock"}', b"\xff\xff\xfe", b"\xfe", b"\x02\nid=-1"
    )
    yield joined(
        b"G", b"\x02\nequipment={}", b"\x14\nheight=1e400", b'\x0b\ntext="\\u2028\\ud800"', b"\x06\nid=a"
    )
