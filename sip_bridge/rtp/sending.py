"""What leaves on one call's path: sound and keys while they may, reports, and what keeps a binding alive."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from media.types import AudioFrame
from sip_bridge.core.audio_formats import DtmfFormat
from sip_bridge.rtp.keypad import Keypad
from sip_bridge.rtp.path import MediaPath
from sip_bridge.rtp.security import MediaSecurity
from sip_bridge.rtp.stream import RtpStream
from sip_bridge.tasks import Tasks

KEEPALIVE_TYPE = 20
"""Unassigned in RFC 3551 table 4."""


class Sending:
    """`allowed`: sound and keys may go out. `path` gives the path of this moment."""

    def __init__(
        self,
        stream: RtpStream,
        security: MediaSecurity,
        path: Callable[[], MediaPath],
        tasks: Tasks,
        random: Callable[[int], bytes],
    ) -> None:
        self.allowed = False
        self._stream, self._security, self._path = stream, security, path
        self._tasks, self._random = tasks, random
        self._loop = asyncio.get_running_loop()
        self._keypad = Keypad(stream.sender, self._send_key)
        # Reports need a wall clock that never jumps in a call.
        self._epoch = time.time() - self._loop.time()

    def wall_time(self, now: float) -> float:
        """The loop's time in seconds since 1970, as the reports tell it."""
        return self._epoch + now

    def frame(self, frame: AudioFrame) -> None:
        """Send one frame; while it may not go out or a key is pressed, only its time passes."""
        now = self._loop.time()
        if not self.allowed or self._keypad.busy:
            self._stream.sender.skip(frame, now)
            return
        self._send(self._stream.packet_of(frame, now))

    def press(self, digits: str, form: DtmfFormat) -> None:
        """Press keys one after another. Raises UnknownDigit."""
        if self._keypad.press(digits, form):
            self._tasks.spawn(self._keypad.run(), "dtmf")

    def report(self, *, goodbye: bool = False) -> None:
        """Tell the peer what came and what went (RFC 3550 6.4); `goodbye` ends the stream (6.6)."""
        now = self._loop.time()
        report = self._stream.reporter.build(now, self.wall_time(now), goodbye=goodbye)
        protected = self._security.transform.protect_rtcp(report)
        if protected is not None:
            self._path().send_rtcp(protected)

    async def report_forever(self, interval: float, agreed: Callable[[], bool]) -> None:
        """About every `interval` seconds, spread by half to both sides, so that two ends never fall into
        step; while something is agreed."""
        while True:
            spread = 0.5 + int.from_bytes(self._random(2)) / 0xFFFF
            await asyncio.sleep(interval * spread)
            if agreed():
                self.report()
                self._keep_binding()

    def _keep_binding(self) -> None:
        """Reports on another port keep no translator's binding for RTP alive while we only listen: a packet
        of a type nobody agreed to does (RFC 6263 section 4.6)."""
        if not self.allowed and not self._path().rtcp_mux:
            sender = self._stream.sender
            timestamp = sender.timestamp_at(self._loop.time())
            self._send(sender.packet(KEEPALIVE_TYPE, timestamp, b"", marker=False))

    def _send_key(self, packet: bytes) -> None:
        if self.allowed:
            self._send(packet)

    def _send(self, packet: bytes) -> None:
        protected = self._security.transform.protect(packet)
        if protected is not None:
            self._path().send_rtp(protected)
