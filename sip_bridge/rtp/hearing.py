"""What arrives on one call's paths: opened with the keys that hold, then counted and handed on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from sip_bridge.rtp.path import MediaPath
from sip_bridge.rtp.security import MediaSecurity
from sip_bridge.rtp.sockets import Address
from sip_bridge.rtp.stream import RtpStream


class Hearing:
    """The listener of a call's paths. `wall_time` is the loop's time in seconds since 1970."""

    def __init__(
        self, stream: RtpStream, security: MediaSecurity, wall_time: Callable[[float], float]
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._stream = stream
        self._security = security
        self._wall_time = wall_time

    def hear_rtp(self, data: bytes, source: Address, path: MediaPath) -> None:
        """An RTP or SRTP datagram."""
        transform = self._security.transform
        opened = transform.unprotect(data)
        if opened is not None:
            self._stream.hear(opened, source, path.latch, proven=transform.proves, now=path.arrived)

    def hear_rtcp(self, data: bytes, source: Address, path: MediaPath) -> None:
        """An RTCP or SRTCP datagram."""
        if not self._security.transform.proves and not path.may_report(source):
            return
        opened = self._security.transform.unprotect_rtcp(data)
        now = path.arrived if path.rtcp_mux else self._loop.time()
        if opened is not None and self._stream.hear_rtcp(opened, self._wall_time(now)):
            path.rtcp_came_from(source)

    def hear_dtls(self, data: bytes, source: Address, path: MediaPath) -> None:
        """A DTLS record."""
        self._security.receive(data, source)
