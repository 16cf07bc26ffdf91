"""ICE on a socket made of paper: what a check from a stranger or from the peer must not do."""

from __future__ import annotations

import asyncio

from aioice import stun

from sip_bridge.core.sdp_values import IceDescription
from sip_bridge.rtp.ice import IceFailed, IceLink
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

    @property
    def port(self) -> int:
        return 5000

    def send(self, data: bytes, to: Address) -> None:
        self.sent.append(stun.parse_message(data))


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
