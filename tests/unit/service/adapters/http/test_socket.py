"""One client's connection: what it may send, how much, and what comes of anything else."""

from __future__ import annotations

import asyncio
import json
from typing import Any, cast

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.websockets import WebSocket

from service.adapters.http import outbox
from service.adapters.http.outbox import Outbox
from service.adapters.http.socket import MOST_REFUSED, Socket
from service_api.meeting import COMMANDS, SIZE_LIMIT, Close, Done, Knock
from service_api.states import SessionState
from tests.doubles.meeting_hall import APPOINTMENT, Hall, a_guest
from tests.doubles.web_socket import PaperWebSocket

TYPES = sorted(COMMANDS.json_schema()["discriminator"]["mapping"])
HELLO = json.dumps({"type": "hello", "id": "h", "client": "browser"})

words = st.text(max_size=12) | st.sampled_from(["camera", "text", "session", "ticket", "id", "sdp", "code"])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)
commands = st.builds(
    lambda kind, name, more: json.dumps({**more, "type": kind, "id": name}),
    st.sampled_from(TYPES),
    st.text("abc", min_size=1, max_size=2) | words,
    st.dictionaries(words, values, max_size=4),
)
frames = st.lists(
    commands | st.binary(max_size=40) | st.text(max_size=40) | st.builds(json.dumps, values), max_size=40
)


async def good() -> bool:
    return True


def served(hall: Hall) -> tuple[PaperWebSocket, Socket]:
    paper = PaperWebSocket(APPOINTMENT)
    return paper, Socket(cast(WebSocket, paper), hall.meetings, good)


def messages(paper: PaperWebSocket) -> list[dict[str, Any]]:
    return [json.loads(text) for text in paper.sent]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(frames)
def test_whatever_is_sent_the_meeting_goes_on(sent: list[str | bytes]) -> None:
    asyncio.run(_any_frames(sent))


async def _any_frames(sent: list[str | bytes]) -> None:
    hall = Hall()
    host = await hall.host()
    paper, socket = served(hall)
    running = asyncio.create_task(socket.run(a_guest()))
    paper.put(HELLO)
    for frame in sent:
        paper.put(frame)
    for _ in range(100):
        await asyncio.sleep(0)
    paper.hang_up()
    await running
    for message in messages(paper):
        assert message["type"] != "refused" or message["code"] != "server-error", message
    assert {one.state for one in host.sees().values()} <= set(SessionState) - {SessionState.CONNECTED}
    guest = await hall.open(a_guest(2))
    await guest.done(Knock)
    assert host.sees()[guest.session].state is SessionState.WAITING
    assert hall.engine.ever == {host.session}


async def test_what_can_not_be_read_is_refused_with_its_id_and_at_last_the_connection_ends() -> None:
    hall = Hall()
    paper, socket = served(hall)
    paper.put(HELLO)
    paper.put('{"type": "dance", "id": "d1"}')
    for _ in range(MOST_REFUSED):
        paper.put("no JSON")
    await socket.run(a_guest())
    refused = [one for one in messages(paper) if one["type"] == "refused"]
    assert [one["id"] for one in refused[:2]] == ["d1", ""]
    assert {one["code"] for one in refused} == {"bad-request"}
    assert paper.close_code == Close.TOO_FAST


async def test_a_message_over_the_limit_ends_the_connection() -> None:
    paper, socket = served(Hall())
    paper.put(HELLO)
    paper.put("x" * (SIZE_LIMIT + 1))
    await socket.run(a_guest())
    assert paper.close_code == Close.TOO_BIG


async def test_who_is_unknown_is_told_so_after_hello() -> None:
    paper, socket = served(Hall())
    paper.put(HELLO)
    await socket.run(None)
    assert messages(paper)[0]["code"] == "not-signed-in"
    assert paper.close_code == Close.NOT_SIGNED_IN


async def test_a_store_that_fails_is_a_server_error_and_no_more() -> None:
    hall = Hall()
    hall.store.broken = True
    paper, socket = served(hall)
    paper.put(HELLO)
    await socket.run(a_guest())
    assert [one["code"] for one in messages(paper)] == ["server-error"]
    assert paper.close_code == Close.SERVER_ERROR


async def test_a_client_that_takes_nothing_is_cut_and_memory_is_bounded() -> None:
    paper = PaperWebSocket(APPOINTMENT)
    paper.stuck = True
    out = Outbox(cast(WebSocket, paper))
    sending = asyncio.create_task(out.run())
    out.tell(Done(id="first"))
    await asyncio.sleep(0)
    for number in range(outbox.MOST_MESSAGES + 1):
        out.tell(Done(id=f"n{number}"))
    await asyncio.wait_for(sending, 1)
    assert out.waiting == 0
    out.tell(Done(id="late"))
    assert out.waiting == 0


async def test_large_messages_count_by_their_size() -> None:
    paper = PaperWebSocket(APPOINTMENT)
    paper.stuck = True
    out = Outbox(cast(WebSocket, paper))
    sending = asyncio.create_task(out.run())
    for _ in range(outbox.MOST_BYTES // 60_000 + 2):
        out.tell(Done(id="x", sdp="x" * 60_000))
        await asyncio.sleep(0)
    await asyncio.wait_for(sending, 1)
    assert out.waiting == 0


async def test_the_last_messages_go_before_the_close() -> None:
    paper = PaperWebSocket(APPOINTMENT)
    out = Outbox(cast(WebSocket, paper))
    out.tell(Done(id="last"))
    out.end(Close.OVER)
    out.end(Close.NORMAL)
    await out.run()
    assert [one["id"] for one in messages(paper)] == ["last"]
    assert paper.close_code == Close.OVER
