"""A connection whose peer says very much at once."""

from __future__ import annotations

import asyncio

import pytest

from sip_bridge.io.stream import PIECE, Stream

MESSAGE = b"OPTIONS sip:a@b SIP/2.0\r\nContent-Length: 4\r\n\r\nbody"
MANY = 300
A_TURN = PIECE // len(MESSAGE) + 1


class Owner:
    """Notes what it hears, the end included; ends the connection itself after `enough` messages."""

    def __init__(self, enough: int = 0) -> None:
        self.heard: list[bytes | str] = []
        self._enough = enough

    def stream_received(self, stream: Stream, data: bytes) -> None:
        """A message."""
        self.heard.append(data)
        if len(self.heard) == self._enough:
            stream.close()

    def stream_lost(self, stream: Stream, reason: str) -> None:
        """The end."""
        self.heard.append(reason)


class Connection(asyncio.Transport):
    """A transport of which nothing but its reading matters."""

    def __init__(self) -> None:
        super().__init__()
        self.reads: list[bool] = []
        self.closed = False

    def pause_reading(self) -> None:
        """No more now."""
        self.reads.append(False)

    def resume_reading(self) -> None:
        """Go on."""
        self.reads.append(True)

    def is_closing(self) -> bool:
        """Whether it was closed."""
        return self.closed

    def close(self) -> None:
        """Closed."""
        self.closed = True

    def abort(self) -> None:
        """Closed."""
        self.closed = True


def connected(owner: Owner) -> tuple[Stream, Connection]:
    connection = Connection()
    stream = Stream(owner)
    stream.connection_made(connection)
    return stream, connection


async def turns(owner: Owner) -> list[int]:
    """How many things were heard in each turn of the loop, until a turn brings none."""
    counts: list[int] = []
    while not counts or counts[-1]:
        before = len(owner.heard)
        await asyncio.sleep(0)
        counts.append(len(owner.heard) - before)
    return counts


async def test_a_burst_is_heard_piece_by_piece_and_no_more_is_read_meanwhile() -> None:
    owner = Owner()
    stream, connection = connected(owner)
    stream.data_received(MESSAGE * MANY)
    assert len(owner.heard) <= A_TURN
    assert connection.reads == [False]
    stream.data_received(MESSAGE[:10])
    assert max(await turns(owner)) <= A_TURN
    assert connection.reads == [False, True]
    stream.data_received(MESSAGE[10:])
    assert owner.heard == [MESSAGE] * (MANY + 1)


async def test_what_was_said_before_the_end_is_heard_before_it() -> None:
    owner = Owner()
    stream, _ = connected(owner)
    stream.data_received(MESSAGE * MANY)
    stream.connection_lost(None)
    assert stream.gone
    await turns(owner)
    assert owner.heard == [*[MESSAGE] * MANY, "closed by peer"]


@pytest.mark.parametrize("fault", [b"NONSENSE\r\n\r\n" + bytes(PIECE), b"\r" * 9000])
async def test_nothing_is_heard_after_nonsense(fault: bytes) -> None:
    owner = Owner()
    stream, connection = connected(owner)
    stream.data_received(MESSAGE + fault + MESSAGE)
    await turns(owner)
    assert owner.heard[0] == MESSAGE
    assert [str(told).partition(":")[0] for told in owner.heard[1:]] == ["framing"]
    assert connection.closed


async def test_nothing_is_heard_after_it_was_closed() -> None:
    owner = Owner(enough=50)
    stream, _ = connected(owner)
    stream.data_received(MESSAGE * MANY)
    await turns(owner)
    stream.connection_lost(None)
    assert stream.gone
    assert len(owner.heard) <= 50 + A_TURN
