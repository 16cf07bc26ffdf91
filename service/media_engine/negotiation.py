"""Our answer to a sender's offer, our offer to a receiver, and what its answer settled."""

from __future__ import annotations

from dataclasses import dataclass

from service.domain.errors import EngineError
from service.media_engine.rtp import AUDIO_LEVEL, MID, TRANSPORT_CC
from service.media_engine.sdp import Codec, Description, Local, Section, refused, write_sdp

CODECS = {"audio": ("opus", 48000), "video": ("vp8", 90000)}
FEEDBACK = {
    "audio": ("nack", "transport-cc"),
    "video": ("nack", "nack pli", "ccm fir", "goog-remb", "transport-cc"),
}
START_KBPS = 1000
"""What Chromium begins with, kb/s: at its own 300 it makes the picture small first, and large much later."""

OPUS, VP8, RTX = 111, 96, 97
MID_ID, LEVEL_ID = 1, 2


@dataclass(frozen=True, slots=True)
class SenderLine:
    """What one accepted m-line of a sender carries. `rtx` is -1 where it does not retransmit apart.

    `level` and `transport_cc` are ids of header extensions, 0 for not negotiated. `nack`: what is lost can be
    asked for again; browsers do that for pictures alone, the program for sound as well.
    """

    kind: str
    payload_type: int
    clock_rate: int
    rtx: int = -1
    level: int = 0
    transport_cc: int = 0
    nack: bool = False
    remb: bool = False


@dataclass(frozen=True, slots=True)
class ReceiverLine:
    """What one m-line of ours to a receiver carries."""

    kind: str
    mid: str
    payload_type: int
    rtx: int
    ssrc: int
    rtx_ssrc: int
    extensions: frozenset[str] = frozenset()


def accepted(offer: Description) -> list[Section]:
    """The sections of an offer that we take: the first sound and the first picture that send our codecs.

    Raises EngineError where there is none.
    """
    taken: dict[str, Section] = {}
    for section in offer.sections:
        wanted = CODECS.get(section.kind)
        if wanted and section.sends and section.codec(*wanted) and section.mid:
            taken.setdefault(section.kind, section)
    if not taken:
        raise EngineError("nothing to take in this offer")
    return list(taken.values())


def answer_sender(offer: Description, taken: list[Section], local: Local) -> tuple[str, list[SenderLine]]:
    """Our answer, and what will come."""
    lines = {section.mid: _sender_line(section) for section in taken}
    sections = [
        _receiving(section, lines[section.mid], local) if section in taken else refused(section)
        for section in offer.sections
    ]
    return write_sdp(sections, [section.mid for section in taken]), list(lines.values())


def _sender_line(section: Section) -> SenderLine:
    codec = _codec(section)
    rtx = section.retransmission(codec)
    return SenderLine(
        section.kind,
        codec.payload_type,
        codec.clock_rate,
        rtx.payload_type if rtx and section.kind == "video" else -1,
        section.extensions.get(AUDIO_LEVEL, 0) if section.kind == "audio" else 0,
        section.extensions.get(TRANSPORT_CC, 0) if "transport-cc" in codec.feedback else 0,
        "nack" in codec.feedback,
        "goog-remb" in codec.feedback,
    )


def _receiving(section: Section, line: SenderLine, local: Local) -> list[str]:
    codec = _codec(section)
    formats = [line.payload_type] if line.rtx < 0 else [line.payload_type, line.rtx]
    lines = [
        f"m={section.kind} {local.port} {section.profile} {' '.join(map(str, formats))}",
        *local.lines(),
        "a=recvonly",
        f"a=mid:{section.mid}",
        "a=rtcp-mux",
        *(["a=rtcp-rsize"] if section.rtcp_rsize else []),
    ]
    for uri in (MID, AUDIO_LEVEL, TRANSPORT_CC):
        if uri in section.extensions and (uri != TRANSPORT_CC or line.transport_cc):
            lines.append(f"a=extmap:{section.extensions[uri]} {uri}")
    if section.kind == "video":
        lines.append(f"a=fmtp:{line.payload_type} x-google-start-bitrate={START_KBPS}")
    return lines + _formats(section.kind, line.payload_type, line.rtx, codec.feedback)


def _formats(kind: str, payload_type: int, rtx: int, feedback: set[str]) -> list[str]:
    lines = [f"a=rtpmap:{payload_type} VP8/90000"]
    if kind == "audio":
        lines = [
            f"a=rtpmap:{payload_type} opus/48000/2",
            f"a=fmtp:{payload_type} minptime=10;useinbandfec=1",
        ]
    lines += [f"a=rtcp-fb:{payload_type} {name}" for name in FEEDBACK[kind] if name in feedback]
    if rtx >= 0:
        lines += [f"a=rtpmap:{rtx} rtx/90000", f"a=fmtp:{rtx} apt={payload_type}"]
    return lines


def offer_receiver(lines: list[ReceiverLine], cname: str, local: Local) -> str:
    """Our offer of one feed; its streams are one media stream there, played in step."""
    return write_sdp([_sending(line, cname, local) for line in lines], [line.mid for line in lines])


def _sending(line: ReceiverLine, cname: str, local: Local) -> list[str]:
    video = line.kind == "video"
    formats = f"{line.payload_type} {line.rtx}" if video else str(line.payload_type)
    lines = [
        f"m={line.kind} {local.port} UDP/TLS/RTP/SAVPF {formats}",
        *local.lines(),
        "a=sendonly",
        f"a=mid:{line.mid}",
        f"a=msid:{cname} {line.kind}",
        "a=rtcp-mux",
        "a=rtcp-rsize",
        f"a=extmap:{MID_ID} {MID}",
        *([] if video else [f"a=extmap:{LEVEL_ID} {AUDIO_LEVEL}"]),
        *_formats(line.kind, line.payload_type, line.rtx, {"nack", "nack pli", "ccm fir", "goog-remb"}),
    ]
    if video:
        lines.append(f"a=ssrc-group:FID {line.ssrc} {line.rtx_ssrc}")
    sources = [line.ssrc, line.rtx_ssrc] if video else [line.ssrc]
    return lines + [f"a=ssrc:{source} cname:{cname}" for source in sources]


def settled(lines: list[ReceiverLine], answer: Description) -> list[ReceiverLine]:
    """The lines the receiver takes, with the payload types and extensions it understood.

    Raises EngineError where it is no answer to our offer, or would have us start DTLS.
    """
    sections = {section.mid: section for section in answer.sections}
    taken = []
    for line in lines:
        section = sections.get(line.mid)
        if section is None or section.kind != line.kind:
            raise EngineError("not an answer to this offer")
        codec = section.codec(*CODECS[line.kind])
        if not section.receives or codec is None:
            continue
        rtx = section.retransmission(codec)
        taken.append(
            ReceiverLine(
                line.kind,
                line.mid,
                codec.payload_type,
                rtx.payload_type if rtx else -1,
                line.ssrc,
                line.rtx_ssrc,
                frozenset(section.extensions),
            )
        )
    if not taken:
        raise EngineError("the receiver takes nothing")
    return taken


def _codec(section: Section) -> Codec:
    codec = section.codec(*CODECS[section.kind])
    if codec is None:
        raise EngineError("no codec in common")
    return codec
