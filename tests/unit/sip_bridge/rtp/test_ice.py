"""ICE on a socket made of paper: what a check from a stranger or from the peer must not do."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from unittest.mock import AsyncMock, Mock, patch

import pytest
from aioice import stun

from sip_bridge.core.sdp_values import IceDescription
from sip_bridge.rtp.ice import MOST_CANDIDATES, IceFailed, IceLink
from sip_bridge.rtp.sockets import Address, MediaSocket
from tests.doubles.virtual_time import run_virtually

PEER = ("198.51.100.7", 4000)
REMOTE = IceDescription("peer", "0123456789abcdefghijkl", ("1 1 udp 2130706431 198.51.100.7 4000 typ host",))


class PaperSocket(MediaSocket):
    """Sends into a list."""

    def __init__(self) -> None:
        super().__init__(lambda data, source: None)
        self.transport = asyncio.DatagramTransport()
        self.sent: list[stun.Message] = []
        self.reached: set[Address] = set()

    @property
    def port(self) -> int:
        return 5000

    def send(self, data: bytes, to: Address) -> None:
        self.sent.append(stun.parse_message(data))
        self.reached.add(to)


def check(ours: IceDescription, *, priority: bool) -> bytes:
    """A connectivity check of the peer's, signed as it must be."""
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    message.attributes["USERNAME"] = f"{ours.username}:peer"
    message.attributes["ICE-CONTROLLING"] = 1
    if priority:
        message.attributes["PRIORITY"] = 1_853_824_767
    message.add_message_integrity(ours.password.encode())
    return bytes(message)


def answered(socket: PaperSocket) -> list[stun.Class]:
    return [
        message.message_class for message in socket.sent if message.message_class is not stun.Class.REQUEST
    ]


def test_a_check_without_a_priority_is_a_bad_request_and_the_next_one_works() -> None:
    async def test() -> None:
        socket = PaperSocket()
        link = IceLink(socket, "192.0.2.10", None)
        await link.gather()
        link.receive(check(link.description, priority=False), PEER)
        link.receive(check(link.description, priority=True), PEER)
        assert answered(socket) == [stun.Class.ERROR, stun.Class.RESPONSE]
        connecting = asyncio.create_task(link.connect(REMOTE, PEER, controlling=False))
        await asyncio.sleep(1)
        link.receive(check(link.description, priority=False), PEER)
        await asyncio.sleep(30)
        assert isinstance(connecting.exception(), IceFailed), "nobody answers: that and nothing else"
        await link.close()

    run_virtually(test())


def test_what_is_no_message_is_not_kept() -> None:
    async def test() -> None:
        link = IceLink(PaperSocket(), "192.0.2.10", None)
        for number in range(1000):
            link.receive(b"\x00\x01" + bytes(18) + number.to_bytes(2), PEER)
            link.receive(check(link.description, priority=True)[:-4] + bytes(4), PEER)
        assert link._connection._queue.empty()
        await link.close()

    run_virtually(test())


def candidate(port: int) -> str:
    return f"1 1 udp {port + 10} 198.51.100.7 {port} typ host"


def test_checks_go_where_packets_can_go_and_to_no_crowd() -> None:
    async def test() -> None:
        socket = PaperSocket()
        link = IceLink(socket, "192.0.2.10", None)
        await link.gather()
        ports = (70_000, -1, 0, *range(4000, 4100))
        remote = IceDescription("peer", "0123456789abcdefghijkl", tuple(map(candidate, ports)))
        with pytest.raises(IceFailed):
            await link.connect(remote, PEER, controlling=True)
        assert socket.reached == {("198.51.100.7", port) for port in range(4000, 4000 + MOST_CANDIDATES)}
        await link.close()

    run_virtually(test())


def test_names_of_the_local_network_are_looked_up_at_the_same_time() -> None:
    async def test() -> None:
        link = IceLink(PaperSocket(), "192.0.2.10", None)
        await link.gather()
        began, looked_up = asyncio.get_running_loop().time(), []

        async def nobody(protocol: object, name: str) -> None:
            looked_up.append(name)
            await asyncio.sleep(1)

        names = tuple(candidate(4000 + n).replace("198.51.100.7", f"n{n}.local") for n in range(10))
        with patch(
            "aioice.ice.get_or_create_mdns_protocol",
            AsyncMock(return_value=Mock(resolve=partial(nobody, None))),
        ):
            connecting = asyncio.create_task(
                link.connect(replace(REMOTE, candidates=names), PEER, controlling=False)
            )
            await asyncio.wait([connecting])
        assert isinstance(connecting.exception(), IceFailed)
        assert len(looked_up) == 10
        assert asyncio.get_running_loop().time() - began < 5
        await link.close()

    run_virtually(test())


class OldStunServer(PaperSocket):
    """Answers as RFC 3489 has it."""

    link: IceLink

    def send(self, data: bytes, to: Address) -> None:
        request = stun.parse_message(data)
        answer = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, request.transaction_id)
        answer.attributes["MAPPED-ADDRESS"] = ("203.0.113.4", 61_000)
        self.link.receive(bytes(answer), to)


async def test_an_old_stun_server_is_done_without() -> None:
    socket = OldStunServer()
    socket.link = IceLink(socket, "192.0.2.10", ("127.0.0.1", 3478))
    await socket.link.gather()
    (candidate,) = socket.link.description.candidates
    assert candidate.endswith("192.0.2.10 5000 typ host")
    await socket.link.close()
