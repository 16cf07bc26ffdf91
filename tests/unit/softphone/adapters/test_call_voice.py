"""A call's sound and its session let go of each other when the call is over."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from typing import cast

import pytest

from media.path import Send
from media.stream import VoiceStream
from media.types import AudioFrame, CodecSpec
from sip_bridge.rtp.session import AudioSession
from softphone.adapters.call_voice import CallVoice


class Carried:
    """As much of a session as a voice needs."""

    codec = CodecSpec("G722", 9, 8_000)
    other_codecs: tuple[CodecSpec, ...] = ()
    on_packet: object = None
    on_feedback: object = None

    def send(self, frame: AudioFrame) -> None:
        """Nobody hears it."""

    def fetch(self) -> None:
        """Nothing came."""


class Ears:
    """Whose voices are joined."""

    def __init__(self) -> None:
        self.joined: list[VoiceStream] = []

    def attach(self, stream: VoiceStream, send: Send) -> None:
        self.joined.append(stream)

    def detach(self, stream: VoiceStream) -> None:
        self.joined.remove(stream)


@pytest.fixture
def no_collection() -> Iterator[None]:
    """Only what nobody holds goes."""
    gc.disable()
    yield
    gc.enable()


def test_codecs_end_with_the_call_and_wait_for_no_garbage_collection(no_collection: None) -> None:
    session, ears = Carried(), Ears()
    voice = CallVoice(ears, cast("AudioSession", session), lambda: None)
    assert session.on_packet is not None
    stream = weakref.ref(voice.stream)
    voice.part()
    del voice
    assert (ears.joined, session.on_packet, session.on_feedback) == ([], None, None)
    assert stream() is None
