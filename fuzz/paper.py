"""Sockets that send into lists, in the place of a call's ports."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from fuzz.judge import require
from sip_bridge.rtp.path import Ports
from sip_bridge.rtp.sockets import Address, MediaSocket, Receive

LARGEST = 0xFFFF


class PaperSocket(MediaSocket):
    """One of them. `refused`: where no socket could have sent to."""

    def __init__(self, receive: Receive, port: int) -> None:
        super().__init__(receive)
        self.sent: list[bytes] = []
        self.refused: list[Address] = []
        self.transport = asyncio.DatagramTransport()
        self._port = port

    @property
    def port(self) -> int:
        """See MediaSocket."""
        return self._port

    def send(self, data: bytes, to: Address) -> None:
        """See MediaSocket."""
        if len(data) > LARGEST or not 0 < to[1] <= LARGEST:
            self.refused.append(to)
        self.sent.append(data)

    def close(self) -> None:
        """See MediaSocket."""
        self.closed.set()


class Sockets:
    """All there are: for each path one for RTP, then one for RTCP."""

    def __init__(self) -> None:
        self.all: list[PaperSocket] = []

    @contextmanager
    def everywhere(self) -> Iterator[None]:
        """Paths open these, and no name is looked up."""
        loop = asyncio.get_running_loop()
        with (
            patch("sip_bridge.rtp.path.open_pair", self._pair),
            patch.object(loop, "getaddrinfo", _no_names),
        ):
            yield

    def must_have_sent_what_can_be(self) -> None:
        """Raises Finding."""
        require(not any(one.refused for one in self.all), "sent where no socket can")

    async def _pair(
        self, local_ip: str, ports: Ports, receive: Receive, receive_rtcp: Receive
    ) -> tuple[PaperSocket, PaperSocket]:
        pair = PaperSocket(receive, 4000), PaperSocket(receive_rtcp, 4001)
        self.all += pair
        return pair


async def _no_names(*question: object, **more: object) -> list[object]:
    raise OSError("nobody is asked")
