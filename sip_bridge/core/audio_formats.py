"""The audio formats spoken in calls and how they are named in a description."""

from __future__ import annotations

from dataclasses import dataclass

from sip_bridge.core.sdp import Media
from sip_bridge.core.sdp_values import RtpMap, format_parameters, rtpmaps

FIRST_DYNAMIC = 96
LAST_DYNAMIC = 127

Parameters = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """A format that can be offered: its RTP clock in Hz, the payload type it has or prefers, its fmtp."""

    name: str
    clock_rate: int
    payload_type: int
    channels: int = 1
    fmtp: str = ""

    def fits(self, rtpmap: RtpMap) -> bool:
        """Whether a peer's rtpmap means this format; channels are looked at only for one that has two."""
        same = rtpmap.name.lower() == self.name.lower() and rtpmap.clock_rate == self.clock_rate
        return same and (rtpmap.channels == self.channels or self.channels == 2)

    def rtpmap(self, payload_type: int) -> RtpMap:
        """This format under a payload type."""
        return RtpMap(payload_type, self.name, self.clock_rate, self.channels)


CODECS = {
    "opus": AudioFormat("opus", 48_000, 96, 2, "useinbandfec=1"),
    "G722": AudioFormat("G722", 8_000, 9),
    "PCMA": AudioFormat("PCMA", 8_000, 8),
    "PCMU": AudioFormat("PCMU", 8_000, 0),
}
"""Codecs by name. G.722's RTP clock is 8000 by RFC 3551 section 4.5.2 though it samples at 16 000."""

EVENTS = {
    8_000: AudioFormat("telephone-event", 8_000, 101, fmtp="0-15"),
    48_000: AudioFormat("telephone-event", 48_000, 102, fmtp="0-15"),
}
"""DTMF events (RFC 4733) by clock rate in Hz."""


@dataclass(frozen=True, slots=True)
class AudioCodec:
    """A negotiated codec.

    `payload_type` goes onto what we send, `receive_payload_type` stands on what we get (RFC 3264 section
    5.1: each side names the numbers it wants to receive). `parameters` is the peer's fmtp.
    """

    name: str
    payload_type: int
    receive_payload_type: int
    clock_rate: int
    channels: int = 1
    ptime_ms: int = 20
    parameters: Parameters = ()


@dataclass(frozen=True, slots=True)
class DtmfFormat:
    """Negotiated telephone-event (RFC 4733); `clock_rate` in Hz."""

    payload_type: int
    receive_payload_type: int
    clock_rate: int


def formats_to_offer(codecs: tuple[str, ...], earlier: list[RtpMap]) -> list[RtpMap]:
    """Every codec in our order, then telephone-event at each clock used.

    A format keeps the number it had earlier in this session, and no number is given to another format
    (RFC 3264 section 8.3.2). A format for which no number is left is not offered.
    """
    wanted = [CODECS[name] for name in codecs]
    clocks = dict.fromkeys(audio.clock_rate for audio in wanted)
    wanted += [EVENTS[clock] for clock in sorted(clocks)]
    taken = {rtpmap.payload_type for rtpmap in earlier}
    chosen: list[RtpMap] = []
    for audio in wanted:
        if (number := _number_for(audio, earlier, taken)) is not None:
            taken.add(number)
            chosen.append(audio.rtpmap(number))
    return chosen


def fmtp_of(rtpmap: RtpMap) -> str:
    """What we say about a format we list; "" for nothing."""
    known = (*CODECS.values(), *EVENTS.values())
    return next((audio.fmtp for audio in known if audio.fits(rtpmap)), "")


def choose_codec(codecs: tuple[str, ...], remote: Media) -> RtpMap | None:
    """The first format of the peer's list that we speak: its order counts (RFC 3264 section 6.1)."""
    speaks = [CODECS[name] for name in codecs]
    return next((found for found in rtpmaps(remote) if any(audio.fits(found) for audio in speaks)), None)


def common_codecs(codecs: tuple[str, ...], remote: Media, ours: Media) -> list[tuple[RtpMap, RtpMap]]:
    """All codecs both descriptions name, as the peer's line and ours, in the peer's order."""
    speaks = [CODECS[name] for name in codecs]
    theirs = [found for found in rtpmaps(remote) if any(audio.fits(found) for audio in speaks)]
    return [(found, own) for found in theirs if (own := same_format(found, ours)) is not None]


def choose_events(clock_rate: int, remote: Media) -> RtpMap | None:
    """The peer's telephone-event at the codec's clock, else at 8000 Hz, else none."""
    offered = [found for found in rtpmaps(remote) if any(event.fits(found) for event in EVENTS.values())]
    offered.sort(key=lambda found: (found.clock_rate != clock_rate, found.clock_rate))
    usable = [found for found in offered if found.clock_rate in (clock_rate, 8_000)]
    return usable[0] if usable else None


def same_format(wanted: RtpMap, ours: Media) -> RtpMap | None:
    """Our own line for the format a peer named, perhaps under another number."""
    known = (*CODECS.values(), *EVENTS.values())
    audio = next(found for found in known if found.fits(wanted))
    return next((found for found in rtpmaps(ours) if audio.fits(found)), None)


def codec_from(theirs: RtpMap, ours: RtpMap, remote: Media, ptime_ms: int) -> AudioCodec:
    """What was agreed, under the name our codecs carry."""
    name = next(audio.name for audio in CODECS.values() if audio.fits(theirs))
    return AudioCodec(
        name,
        theirs.payload_type,
        ours.payload_type,
        theirs.clock_rate,
        CODECS[name].channels,
        packet_time(remote, ptime_ms),
        format_parameters(remote, theirs.payload_type),
    )


def packet_time(remote: Media, ptime_ms: int) -> int:
    """Milliseconds per packet the peer likes: its ptime if whole 10s up to 60, never above its maxptime."""
    wanted = _milliseconds(remote.get("ptime"))
    largest = _milliseconds(remote.get("maxptime"))
    chosen = wanted if wanted % 10 == 0 and 10 <= wanted <= 60 else ptime_ms
    return min(chosen, largest // 10 * 10) if largest >= 10 else chosen


def _milliseconds(text: str | None) -> int:
    whole = (text or "").strip().partition(".")[0]
    return int(whole) if whole.isascii() and whole.isdigit() and len(whole) <= 5 else 0


def _number_for(audio: AudioFormat, earlier: list[RtpMap], taken: set[int]) -> int | None:
    for rtpmap in earlier:
        if audio.fits(rtpmap):
            return rtpmap.payload_type
    if audio.payload_type not in taken:
        return audio.payload_type
    free = (number for number in range(FIRST_DYNAMIC, LAST_DYNAMIC + 1) if number not in taken)
    return next(free, None)
