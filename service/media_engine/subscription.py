"""One feed to one receiver."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from service.media_engine import rtcp
from service.media_engine.feed import Feed
from service.media_engine.negotiation import OPUS, RTX, VP8, ReceiverLine, settled
from service.media_engine.outgoing import Outgoing
from service.media_engine.peer import Peer
from service.media_engine.sdp import Description

UNKNOWN_HEIGHT = 720
"""Pixels: what counts where a picture is wanted and nobody says how tall."""

SMALL_HEIGHT = 240
"""Pixels: a picture this small is sent its base layer alone, where the sender has layers."""


class Subscription:
    """Offered at once, forwarded to from the moment its keys are there."""

    def __init__(self, ident: str, member: str, feed: Feed, peer: Peer, clock: Callable[[], float]) -> None:
        self.ident, self.member, self.feed = ident, member, feed
        self.peer = peer
        self._clock = clock
        self._video, self._height = True, 0
        self._sinks: dict[int, Outgoing] = {}
        self._connected = False
        self.lines = [_line(kind, mid) for mid, kind in enumerate(feed.streams)]
        peer.on_rtcp = self._rtcp
        peer.on_connected = self._flow

    @property
    def answered(self) -> bool:
        """Whether its answer came."""
        return bool(self._sinks)

    def settle(self, answer: Description) -> None:
        """The receiver's answer. Raises EngineError."""
        for line in settled(self.lines, answer):
            sink = Outgoing(line, self.feed.ident, self.peer.send_rtp, self.peer.send_rtcp)
            self._sinks[line.ssrc] = sink

    def adjust(self, *, video: bool, height: int) -> None:
        """How it is shown from now on."""
        self._video, self._height = video, height
        self.feed.bandwidth.view(self.ident, (height or UNKNOWN_HEIGHT) if video else 0)
        if self._connected:
            self._flow()

    def end(self) -> None:
        """Nothing more goes out."""
        for sink in self._sinks.values():
            self.feed.drop(sink)
        self.feed.bandwidth.gone(self.ident)
        self.peer.close()

    def _flow(self) -> None:
        self._connected = True
        for sink in self._sinks.values():
            if sink.line.kind == "audio":
                self.feed.add(sink)
                continue
            waits = sink.thin(0 < self._height <= SMALL_HEIGHT)
            if self._video:
                self.feed.add(sink)
                if waits:
                    self.feed.want_keyframe()
            else:
                sink.pause()
                self.feed.drop(sink)

    def _rtcp(self, data: bytes) -> None:
        try:
            items = rtcp.parse_rtcp(data)
        except ValueError:
            return
        for item in items:
            if isinstance(item, rtcp.Nack):
                sink = self._sinks.get(item.ssrc)
                if sink is not None:
                    sink.repeat(item.lost, self._clock())
            elif isinstance(item, rtcp.KeyframeRequest):
                if item.ssrc in self._sinks and self._video:
                    self.feed.want_keyframe()
            elif isinstance(item, rtcp.Remb):
                self.feed.bandwidth.receiver_estimates(self.ident, item.bitrate)
            elif isinstance(item, rtcp.Report):
                reported = self._sinks.get(item.ssrc)
                if reported is not None and reported.line.kind == "video":
                    self.feed.bandwidth.receiver_lost(self.ident, item.fraction / 256)


def _line(kind: str, mid: int) -> ReceiverLine:
    payload_type, rtx = (OPUS, -1) if kind == "audio" else (VP8, RTX)
    return ReceiverLine(kind, str(mid), payload_type, rtx, secrets.randbits(32), secrets.randbits(32))
