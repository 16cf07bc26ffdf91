"""A call's sound between the media session and the ear."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from media.codecs import registry
from media.path import Send
from media.stream import VoiceStream
from media.types import AudioPacket, CodecSpec
from sip_bridge.rtp.rtcp import Feedback
from softphone.adapters.call_figures import CallFigures
from softphone.domain.quality import CallQuality

if TYPE_CHECKING:
    from sip_bridge.rtp.session import AudioSession


class Ear(Protocol):
    """Where calls' voices meet microphone and speaker."""

    def attach(self, stream: VoiceStream, send: Send) -> None:
        """Join a voice."""
        ...

    def detach(self, stream: VoiceStream) -> None:
        """Part with a voice."""
        ...


class CallVoice:
    """Joins one session to the ear while the call is not held by us. `first_sound` is called once, when the
    far end's first packet comes."""

    def __init__(self, ear: Ear, session: AudioSession, first_sound: Callable[[], None]) -> None:
        """Raises CodecUnavailable; the session must be negotiated."""
        self.session = session
        self._ear = ear
        self._first_sound = first_sound
        self._attached = False
        self.stream = VoiceStream(self._spec(), receive=session.other_codecs)
        self._report: Feedback | None = None
        self._figures = CallFigures(self.stream, session, time.monotonic)
        self.stream.collect = session.fetch
        session.on_packet = self._packet
        session.on_feedback = self._feedback
        self.attach()

    def _spec(self) -> CodecSpec:
        spec = self.session.codec
        if spec is None:
            raise ValueError("nothing negotiated")
        return spec

    def renegotiated(self) -> None:
        """The session agreed anew: use its codec. Raises CodecUnavailable."""
        if self._spec() != self.stream.spec:
            self.stream.change_codec(self._spec(), receive=self.session.other_codecs)

    def _packet(self, packet: AudioPacket) -> None:
        """The first one; those that follow go straight to the stream."""
        self.session.on_packet = self.stream.receive
        self._first_sound()
        self.stream.receive(packet)

    def _feedback(self, feedback: Feedback) -> None:
        self._report = feedback
        self.stream.feedback(100 * feedback.loss)

    def quality(self) -> CallQuality:
        """Figures of the last seconds."""
        return self._figures.now(self._report)

    def attach(self) -> None:
        """Let microphone and speaker have it."""
        if not self._attached:
            self._attached = True
            self._ear.attach(self.stream, self.session.send)

    def detach(self) -> None:
        """On hold or over: nothing of the microphone goes out, nothing is heard."""
        if self._attached:
            self._attached = False
            self._ear.detach(self.stream)

    def part(self) -> None:
        """It is over. Session and voice let go of each other: codecs, some with threads of their own, end now
        and not when garbage is collected."""
        self.detach()
        self.session.on_packet = self.session.on_feedback = None


def usable_codecs() -> tuple[str, ...]:
    """Codecs that work on this machine, best first."""
    return registry.available()
