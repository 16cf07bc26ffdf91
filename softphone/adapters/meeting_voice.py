"""A meeting's sound as one voice among the calls': ours goes out once, everybody else's come in."""

from __future__ import annotations

from aiortc.rtp import RtpPacket as WirePacket

from media.codecs import registry
from media.jitter import Format, JitterBuffer
from media.jitter_figures import JitterStatistics
from media.levels import LevelMeter
from media.mixer import mix
from media.speaking import SpeakingDetector
from media.stream import VoiceStream
from media.types import BLOCK, RATE, CodecSpec, Pcm
from sip_bridge.rtp.packet import RtpPacket
from sip_bridge.rtp.receiver import Receiver, Reception
from softphone.adapters.meeting_repeats import MissingSound

SENT = CodecSpec("opus", 96, RATE, channels=2, parameters=(("useinbandfec", "1"),))
LEAST_LOSS_PERCENT = 1.0
"""What the encoder is told at least, so that copies are sent: it hears of our way up alone, and each
listener has a way down."""


class Voice:
    """One participant's sound: packets in, blocks out."""

    def __init__(self) -> None:
        self._receiver = Receiver(RATE)
        self._missing = MissingSound()
        self._jitter = JitterBuffer({})
        self._meter = LevelMeter()
        self._detector = SpeakingDetector()

    def receive(self, packet: WirePacket, now: float) -> None:
        """Take a packet of Opus; `now` in seconds on the clock of `pull`."""
        if packet.payload_type not in self._jitter.formats:
            spec = CodecSpec("opus", packet.payload_type, RATE, channels=2)
            self._jitter.formats[packet.payload_type] = Format(registry.decoder(spec), RATE)
        came = self._receiver.receive(
            RtpPacket(
                packet.payload_type,
                packet.sequence_number,
                packet.timestamp,
                packet.ssrc,
                packet.payload,
                bool(packet.marker),
            ),
            now,
            repeated=self._missing.repeated(packet.sequence_number),
        )
        if came is not None:
            self._missing.came(came)
            self._jitter.push(came)

    def missing(self, now: float) -> tuple[int, ...]:
        """Sequence numbers of packets to ask for again now."""
        return self._missing.due(now)

    def pull(self, now: float, samples: int = BLOCK) -> Pcm:
        """See JitterBuffer."""
        pcm = self._jitter.pull(now, samples)
        self._meter.add(pcm)
        return pcm

    def speaks(self, now: float) -> bool:
        """Whether it is heard now."""
        return self._detector.update(self._meter.dbfs, now)

    def reception(self) -> Reception | None:
        """What arrived since the last time, for a report."""
        return self._receiver.report()

    def statistics(self) -> JitterStatistics:
        """Figures so far."""
        return self._jitter.statistics()


class MeetingVoice(VoiceStream):
    """The one stream a meeting joins to microphone and ear. `deaf`: everybody is passed over unheard."""

    def __init__(self) -> None:
        """Raises CodecUnavailable."""
        super().__init__(SENT)
        self.feedback(LEAST_LOSS_PERCENT)
        self.deaf = False
        self._voices: dict[str, Voice] = {}
        self._detector = SpeakingDetector()

    def feedback(self, loss_percent: float) -> None:
        """See VoiceStream; never below LEAST_LOSS_PERCENT."""
        super().feedback(max(loss_percent, LEAST_LOSS_PERCENT))

    def add_voice(self, session: str) -> Voice:
        """A participant is to be heard, anew."""
        self._voices[session] = voice = Voice()
        return voice

    def remove_voice(self, session: str, voice: Voice) -> None:
        """No more of this one; harmless where another has taken its place."""
        if self._voices.get(session) is voice:
            del self._voices[session]

    def arriving(self, session: str) -> JitterStatistics | None:
        """A participant's figures, None for one who is not heard."""
        voice = self._voices.get(session)
        return voice.statistics() if voice is not None else None

    def pull(self, now: float, samples: int = BLOCK) -> Pcm:
        """Everybody's next 10 ms together, or more at once. While deaf they are played all the same, to
        nobody: sound that waited would be heard late."""
        pulled = [voice.pull(now, samples) for voice in self._voices.values()]
        return mix([] if self.deaf else pulled, samples)

    def speaking(self, now: float) -> frozenset[str]:
        """Sessions that are heard now, "" for oneself."""
        heard = {session for session, voice in self._voices.items() if voice.speaks(now)}
        if self._detector.update(self.statistics().sent_level_dbfs, now):
            heard.add("")
        return frozenset(heard)
