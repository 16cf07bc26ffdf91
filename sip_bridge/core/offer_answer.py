"""Offer and answer for one audio stream (RFC 3264), without input or output.

Exactly one audio line is spoken; every other line a peer offers is answered with port 0 and keeps its place
in later offers of ours. A forked call may be answered several times: each answer is read against the same
offer, and the caller keeps the one of the dialog that was confirmed.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from sip_bridge.core.audio_formats import (
    AudioCodec,
    DtmfFormat,
    choose_codec,
    choose_events,
    codec_from,
    common_codecs,
    fmtp_of,
    formats_to_offer,
    same_format,
)
from sip_bridge.core.media_security import (
    PROFILES,
    BadAnswer,
    EncryptionRequired,
    EncryptionUnavailable,
    Keying,
    Plain,
    Protection,
    answer_attributes,
    choose_keying,
    keying_from_answer,
    offer_attributes,
    offer_profile,
)
from sip_bridge.core.sdp import (
    Attribute,
    Connection,
    Media,
    Origin,
    SdpError,
    SessionDescription,
    family_of,
)
from sip_bridge.core.sdp_values import Direction, IceDescription, RtpMap, direction_of, rtpmaps

Address = tuple[str, int]

UNSPECIFIED = ("0.0.0.0", "::", "0:0:0:0:0:0:0:0")
DISCARD_PORT = 9


class NoCommonCodec(SdpError):
    """No audio line, none left enabled, or none with a codec both sides speak."""


@dataclass(frozen=True, slots=True)
class LocalAudio:
    """Our side of a session.

    `address`/`port` receive RTP, `rtcp_port` RTCP where it is not multiplexed (0: port + 1). `direction` is
    what we want now (sendonly holds). `last_sent` is the description we sent last in this session: it
    gives the next version.
    """

    address: str
    port: int
    session_id: int
    rtcp_port: int = 0
    codecs: tuple[str, ...] = ("opus", "G722", "PCMA", "PCMU")
    direction: Direction = Direction.SENDRECV
    ptime_ms: int = 20
    protection: Protection = field(default_factory=Protection)
    ice: IceDescription | None = None
    last_sent: SessionDescription | None = None


@dataclass(frozen=True, slots=True)
class NegotiatedAudio:
    """What both sides agreed to.

    `direction` is ours after meeting the peer's; `remote_hold`: the peer does not want our sound now.
    `ice` is the peer's, where ICE is used. `index` is the m= line's place in both descriptions. `others` are
    codecs the peer may switch to without a word (RFC 3264 section 5.1).
    """

    codec: AudioCodec
    dtmf: DtmfFormat | None
    remote_rtp: Address
    remote_rtcp: Address
    rtcp_mux: bool
    direction: Direction
    remote_hold: bool
    keying: Keying
    keyed_over_tls: bool
    ice: IceDescription | None
    local: SessionDescription
    remote: SessionDescription
    index: int
    others: tuple[AudioCodec, ...] = ()

    @property
    def dtmf_payload_type(self) -> int | None:
        """The number DTMF is sent under, where the peer takes it."""
        return self.dtmf.payload_type if self.dtmf else None

    @property
    def encryption(self) -> tuple[str, bool]:
        """Method ("", sdes, dtls) and whether its keys or fingerprint travelled under TLS."""
        return self.keying.method, bool(self.keying.method) and self.keyed_over_tls


def make_offer(local: LocalAudio, previous: NegotiatedAudio | None = None) -> SessionDescription:
    """An offer; within a session it keeps m= lines and payload types of `previous` (RFC 3264 section 8).

    Raises EncryptionRequired where encryption is demanded and cannot be offered.
    """
    earlier: list[RtpMap] = []
    order = local.codecs
    if previous is not None:
        earlier = rtpmaps(previous.local.media[previous.index]) + rtpmaps(
            previous.remote.media[previous.index]
        )
        order = (previous.codec.name, *(name for name in local.codecs if name != previous.codec.name))
    formats = formats_to_offer(order, earlier)
    extra = [Attribute("rtcp-mux"), *offer_attributes(local.protection), *_ice_lines(local)]
    audio = _audio(local, offer_profile(local.protection), formats, local.direction, extra)
    if previous is None:
        return _described(local, (audio,))
    kept = [_refused(media) for media in previous.local.media]
    kept[previous.index] = audio
    return _described(local, tuple(kept))


def make_answer(
    offer: SessionDescription, local: LocalAudio, previous: NegotiatedAudio | None = None
) -> tuple[SessionDescription, NegotiatedAudio]:
    """Answer `offer`. Raises NoCommonCodec, EncryptionRequired or EncryptionUnavailable (all mean 488)."""
    index = _choose_line(offer, local, previous)
    media = offer.media[index]
    keying = choose_keying(offer, media, local.protection)
    theirs = choose_codec(local.codecs, media)
    if theirs is None:
        raise NoCommonCodec("no codec both sides speak")
    events = choose_events(theirs.clock_rate, media)
    direction = local.direction.meet(_remote_direction(offer, media))
    ice = _remote_ice(offer, media) if local.ice else None
    extra = _answer_lines(media, local, keying, use_ice=ice is not None)
    formats = [theirs, events] if events else [theirs]
    audio = _audio(local, media.protocol, formats, direction, extra)
    lines = [_refused(line) for line in offer.media]
    lines[index] = audio
    answer = _described(local, tuple(lines), _bundle(offer, media))
    return answer, _agreed(answer, offer, index, local, keying)


def accept_answer(
    offer: SessionDescription, answer: SessionDescription, local: LocalAudio
) -> NegotiatedAudio:
    """Read the answer to our `offer`. Raises BadAnswer, NoCommonCodec or EncryptionRequired."""
    index = next(i for i, media in enumerate(offer.media) if media.port)
    if len(answer.media) <= index or answer.media[index].kind != "audio":
        raise BadAnswer("the answer lacks our audio line")
    media = answer.media[index]
    if media.port == 0:
        raise NoCommonCodec("the answer refused our audio line")
    if media.protocol not in PROFILES:
        raise BadAnswer("unknown profile")
    keying = keying_from_answer(answer, media, local.protection)
    return _agreed(offer, answer, index, local, keying)


def _agreed(
    ours: SessionDescription, remote: SessionDescription, index: int, local: LocalAudio, keying: Keying
) -> NegotiatedAudio:
    """Put together what two matching descriptions mean."""
    mine, theirs = ours.media[index], remote.media[index]
    common = common_codecs(local.codecs, theirs, mine)
    if not common:
        raise NoCommonCodec("no codec both sides speak")
    first, *others = (codec_from(named, own, theirs, local.ptime_ms) for named, own in common)
    rtcp_mux = mine.get("rtcp-mux") is not None and theirs.get("rtcp-mux") is not None
    rtp = _remote_rtp(remote, theirs)
    direction = _remote_direction(remote, theirs)
    return NegotiatedAudio(
        codec=first,
        dtmf=_dtmf(first.clock_rate, mine, theirs),
        remote_rtp=rtp,
        remote_rtcp=rtp if rtcp_mux else _remote_rtcp(rtp, theirs),
        rtcp_mux=rtcp_mux,
        direction=direction_of(ours, mine).meet(direction),
        remote_hold=not direction.receives,
        keying=keying,
        keyed_over_tls=local.protection.signalling_secure,
        ice=_remote_ice(remote, theirs) if mine.get("ice-ufrag") is not None else None,
        local=ours,
        remote=remote,
        index=index,
        others=tuple(others),
    )


def _choose_line(offer: SessionDescription, local: LocalAudio, previous: NegotiatedAudio | None) -> int:
    """The line to accept: the one in use, else the first we can protect, else the first that works at all."""
    lines = [i for i, media in enumerate(offer.media) if _is_audio(media)]
    if previous is not None and previous.index in lines:
        return previous.index
    speakable = [i for i in lines if choose_codec(local.codecs, offer.media[i]) is not None]
    if not speakable:
        raise NoCommonCodec("no audio line we can speak")
    plain: list[int] = []
    for index in speakable:
        try:
            keying = choose_keying(offer, offer.media[index], local.protection)
        except (EncryptionRequired, EncryptionUnavailable):
            continue
        if not isinstance(keying, Plain):
            return index
        plain.append(index)
    return plain[0] if plain else speakable[0]


def _is_audio(media: Media) -> bool:
    return media.kind == "audio" and media.port != 0 and media.protocol in PROFILES


def _audio(
    local: LocalAudio, protocol: str, formats: list[RtpMap], direction: Direction, extra: list[Attribute]
) -> Media:
    attributes = [Attribute("rtpmap", str(rtpmap)) for rtpmap in formats]
    for rtpmap in formats:
        if text := fmtp_of(rtpmap):
            attributes.append(Attribute("fmtp", f"{rtpmap.payload_type} {text}"))
    attributes += [Attribute("ptime", str(local.ptime_ms)), Attribute(direction.value), *extra]
    if local.rtcp_port not in (0, local.port + 1):
        attributes.append(Attribute("rtcp", str(local.rtcp_port)))
    numbers = tuple(str(rtpmap.payload_type) for rtpmap in formats)
    return Media("audio", local.port, protocol, numbers, attributes=tuple(attributes))


def _refused(media: Media) -> Media:
    """A line that is not wanted: port 0, at least one format (RFC 3264 section 6)."""
    return Media(media.kind, 0, media.protocol, media.formats[:1] or ("0",))


def _described(
    local: LocalAudio, media: tuple[Media, ...], attributes: tuple[Attribute, ...] = ()
) -> SessionDescription:
    """The whole description, its version one higher than the last only if it differs (RFC 3264 section 8)."""
    last = local.last_sent
    version = int(last.origin.version) if last else local.session_id
    origin = Origin(str(local.session_id), str(version), local.address, family_of(local.address))
    described = SessionDescription(
        origin, connection=Connection.of(local.address), attributes=attributes, media=media
    )
    if last is None or described == last:
        return described
    return replace(described, origin=replace(origin, version=str(version + 1)))


def _answer_lines(media: Media, local: LocalAudio, keying: Keying, *, use_ice: bool) -> list[Attribute]:
    lines = answer_attributes(keying, local.protection)
    if media.get("rtcp-mux") is not None:
        lines.insert(0, Attribute("rtcp-mux"))
    if mid := media.get("mid"):
        lines.append(Attribute("mid", mid))
    return lines + (_ice_lines(local) if use_ice else [])


def _bundle(offer: SessionDescription, media: Media) -> tuple[Attribute, ...]:
    """Accept a group of which our line is the first member, with our line alone (RFC 8843 section 7.3)."""
    mid = media.get("mid")
    groups = [group.split() for group in offer.get_all("group")]
    member = any(group[0] == "BUNDLE" and mid in group[1:] for group in groups if group)
    return (Attribute("group", f"BUNDLE {mid}"),) if member else ()


def _ice_lines(local: LocalAudio) -> list[Attribute]:
    if local.ice is None:
        return []
    credentials = [Attribute("ice-ufrag", local.ice.username), Attribute("ice-pwd", local.ice.password)]
    return credentials + [Attribute("candidate", value) for value in local.ice.candidates]


def _remote_direction(session: SessionDescription, media: Media) -> Direction:
    """The peer's direction; the old hold with address 0.0.0.0 (RFC 3264 section 8.4) receives nothing."""
    stated = direction_of(session, media)
    connection = session.connection_of(media)
    unspecified = connection is not None and connection.address in UNSPECIFIED
    if unspecified and IceDescription.of(session, media) is None:
        return Direction.of(stated.sends, receive=False)
    return stated


def _remote_rtp(session: SessionDescription, media: Media) -> Address:
    connection = session.connection_of(media)
    if connection is None:
        raise SdpError("no connection line")
    return connection.address, media.port


def _remote_rtcp(rtp: Address, media: Media) -> Address:
    """RTCP's address (RFC 3605): a=rtcp, else the next port."""
    words = (media.get("rtcp") or "").split()
    if words and words[0].isascii() and words[0].isdigit() and 0 < len(words[0]) < 6:
        return (words[3] if len(words) == 4 else rtp[0]), min(int(words[0]), 65_535)
    return rtp[0], min(rtp[1] + 1, 65_535)


def _remote_ice(session: SessionDescription, media: Media) -> IceDescription | None:
    """The peer's ICE, unless a middlebox rewrote its address to fit no candidate (RFC 8839 4.2.5)."""
    ice = IceDescription.of(session, media)
    connection = session.connection_of(media)
    if ice is None or connection is None:
        return None
    address, port = connection.address, str(media.port)
    words = (candidate.split() for candidate in ice.candidates)
    listed = any(word[4:6] == [address, port] for word in words)
    trickling = address in UNSPECIFIED or media.port == DISCARD_PORT or not ice.candidates
    return ice if listed or trickling else None


def _dtmf(clock_rate: int, ours: Media, theirs: Media) -> DtmfFormat | None:
    remote = choose_events(clock_rate, theirs)
    own = same_format(remote, ours) if remote else None
    if remote is None or own is None:
        return None
    return DtmfFormat(remote.payload_type, own.payload_type, remote.clock_rate)
