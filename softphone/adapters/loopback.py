"""Whether sound comes back: said into a media session, looked for in what arrives from it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from media.errors import CodecUnavailable
from media.probe import Comeback, Loudness, compare, probe_blocks
from media.stream import VoiceStream
from media.types import AudioFrame, AudioPacket
from sip_bridge.core.errors import SipError
from sip_bridge.rtp.policy import MediaPolicy
from sip_bridge.rtp.session import AudioSession
from softphone.domain.preshift import CheckFailed, Facts, Finding

STEP_S = 0.01
FIRST_PACKET_S = 2.0
MEASURED_S = 2.2
LOUD_ENOUGH_DB = 25.0
SURE = 0.5


@dataclass(frozen=True, slots=True)
class Journey:
    """What became of our sound: how it came back, and how many packets did."""

    comeback: Comeback
    sent: int
    received: int


class Talker:
    """Says the known sound into a negotiated session and listens to what comes. Raises CodecUnavailable."""

    def __init__(self, session: AudioSession) -> None:
        if session.codec is None:
            raise CodecUnavailable("nothing was agreed on")
        self._session = session
        self._stream = VoiceStream(session.codec, receive=session.other_codecs)
        self._arrived = 0
        session.on_packet = self._packet

    def _packet(self, packet: AudioPacket) -> None:
        self._arrived += 1
        self._stream.receive(packet)

    async def talk(self) -> Journey:
        """Talk until the first packet comes, then as long as it takes to be sure: 2 s, at most 4."""
        loop = asyncio.get_running_loop()
        said, heard = Loudness(), Loudness()
        due, first = loop.time(), 0
        for count, block in enumerate(probe_blocks(FIRST_PACKET_S + MEASURED_S)):
            said.add(block)
            if (frame := self._stream.capture(block)) is not None:
                self._session.send(frame)
            heard.add(self._stream.pull(loop.time()))
            first = first or (count if self._arrived else 0)
            silent = not first and count * STEP_S > FIRST_PACKET_S
            if silent or (first and (count - first) * STEP_S > MEASURED_S):
                break
            due += STEP_S
            await asyncio.sleep(max(0.0, due - loop.time()))
        comeback = compare(said.powers[first:], heard.powers[first:])
        return Journey(comeback, self._session.statistics().packets_sent, self._arrived)


def judged(journey: Journey, facts: Facts = (), note: str = "") -> Finding:
    """Our sound came back, told with `note`; or CheckFailed: nothing-arrives, no-echo."""
    comeback = journey.comeback
    told = (*facts, ("sent", str(journey.sent)), ("received", str(journey.received)))
    if not journey.received:
        raise CheckFailed("nothing-arrives", told)
    if comeback.likeness < SURE or comeback.loss_db > LOUD_ENOUGH_DB:
        raise CheckFailed("no-echo", told)
    return Finding(note, (*told, ("delay_ms", str(comeback.delay_ms))))


class Mirror:
    """Sends every packet's sound back where it came from."""

    def __init__(self, session: AudioSession, step: int) -> None:
        """`step`: samples of a packet, in the codec's clock."""
        self._session = session
        self._step = step
        self._last: int | None = None
        session.on_packet = self._packet

    def _packet(self, packet: AudioPacket) -> None:
        passed = self._step if self._last is None else packet.timestamp - self._last
        self._last = packet.timestamp
        if passed > 0:
            self._session.send(AudioFrame(packet.payload, passed))


async def on_this_machine(local_ip: str, codecs: tuple[str, ...]) -> Finding:
    """RTP between two sessions at our own address. Raises CheckFailed: udp-blocked, or as `judged`."""
    policy = MediaPolicy("off", codecs=codecs, ice=False)
    sessions: list[AudioSession] = []
    try:
        sessions += [await AudioSession.open(policy, local_ip)]
        sessions += [await AudioSession.open(policy, local_ip)]
        near, far = sessions
        await near.accept_answer(await far.create_answer(await near.create_offer()))
        codec = near.codec
        if codec is None:
            raise CodecUnavailable("nothing was agreed on")
        Mirror(far, codec.clock_rate * codec.ptime_ms // 1000)
        near.start()
        far.start()
        journey = await Talker(near).talk()
    except (SipError, OSError, CodecUnavailable) as failure:
        raise CheckFailed("udp-blocked") from failure
    finally:
        for session in sessions:
            await session.close()
    return judged(journey, (("with", "this computer"), ("codec", codec.name)), "local")
