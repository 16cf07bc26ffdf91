"""A call joined to tracks without any other program: tones in, tones out, another codec in between."""

from __future__ import annotations

import asyncio
from fractions import Fraction

import numpy as np
import pytest
from aiortc import MediaStreamTrack
from av import AudioFrame

from media.stream import VoiceStream
from sip_bridge.rtp.bridge import AudioBridge
from sip_bridge.rtp.negotiation import NotNegotiated
from sip_bridge.rtp.policy import MediaPolicy
from tests.integration.rtp_pair import connect, ends
from tests.lab.sound import Pcm, level_at, tone

POLICY = MediaPolicy("off", codecs=("opus", "PCMA"), rtcp_interval=0.1)
FROM_TRACK, FROM_CALL = 700.0, 1100.0


class ToneTrack(MediaStreamTrack):
    """A far end of the web that whistles."""

    kind = "audio"

    def __init__(self, frequency: float) -> None:
        super().__init__()
        self._sound = tone(frequency, 1.0)
        self._pts = 0
        self._start: float | None = None

    async def recv(self) -> AudioFrame:
        """Paced by the clock as a microphone is, however busy the machine."""
        now = asyncio.get_running_loop().time()
        self._start = now if self._start is None else self._start
        await asyncio.sleep(max(0.0, self._start + self._pts / 48_000 - now))
        at = self._pts % len(self._sound)
        frame = AudioFrame.from_ndarray(
            self._sound[at : at + 960].reshape(1, -1), format="s16", layout="mono"
        )
        frame.sample_rate, frame.pts, frame.time_base = 48_000, self._pts, Fraction(1, 48_000)
        self._pts += 960
        return frame


async def heard_on(track: MediaStreamTrack, frames: int) -> Pcm:
    """What a track says for a while."""
    pieces: list[Pcm] = []
    for _ in range(frames):
        frame = await track.recv()
        assert isinstance(frame, AudioFrame)
        pieces.append(frame.to_ndarray().reshape(-1).astype(np.int16))
    return np.concatenate(pieces)


async def test_tones_cross_in_both_directions_and_survive_another_codec() -> None:
    async with ends(POLICY) as (alice, bob):
        with pytest.raises(NotNegotiated):
            AudioBridge(alice.session)
        await connect(alice, bob)
        bridge, far = AudioBridge(alice.session), AudioBridge(bob.session)
        bridge.hear(ToneTrack(300.0))
        bridge.hear(ToneTrack(FROM_TRACK))
        far.hear(ToneTrack(FROM_CALL))
        for codec in ("opus", "PCMA"):
            both = await asyncio.gather(heard_on(bridge.track, 40), heard_on(far.track, 40))
            assert alice.session.codec is not None and alice.session.codec.name == codec
            here, there = (pcm[-24_000:] for pcm in both)
            assert level_at(here, FROM_CALL) > -16 > -40 > level_at(here, FROM_TRACK)
            assert level_at(there, FROM_TRACK) > -16 > -40 > level_at(there, FROM_CALL)
            offer = (await bob.session.reoffer("sendrecv")).replace(b"AVP 96 ", b"AVP ")
            await bob.session.accept_answer(await alice.session.create_answer(offer))
            bridge.renegotiated()
            far.renegotiated()
        await bridge.close()
        await far.close()
        assert alice.session.on_packet is None


async def test_a_track_that_ends_leaves_the_call_alone() -> None:
    async with ends(POLICY) as (alice, bob):
        await connect(alice, bob)
        bridge = AudioBridge(alice.session)
        track = ToneTrack(FROM_TRACK)
        other = AudioBridge(bob.session)
        bridge.hear(other.track)
        await asyncio.sleep(0.05)
        other.track.stop()
        await asyncio.sleep(0.05)
        bridge.hear(track)
        stream = VoiceStream(bob.session.codec) if bob.session.codec else None
        assert stream is not None
        bob.session.on_packet = stream.receive
        loop = asyncio.get_running_loop()
        blocks: list[Pcm] = []
        began = loop.time()
        for number in range(80):
            await asyncio.sleep(max(0.0, began + 0.01 * (number + 1) - loop.time()))
            blocks.append(stream.pull(loop.time()))
        assert level_at(np.concatenate(blocks[-50:]), FROM_TRACK) > -16
        await bridge.close()
        await other.close()
