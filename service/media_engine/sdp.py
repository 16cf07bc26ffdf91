"""Session descriptions as browsers and aiortc write them (RFC 8866, RFC 8829): what matters here."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from service.domain.errors import EngineError

SIZE_LIMIT = 64 * 1024
LINE_LIMIT = 2000
SECTION_LIMIT = 8
FINGERPRINT_LIMIT = 8
"""Certificates of one section; browsers name one."""

_RTPMAP = re.compile(r"(\d{1,3}) ([A-Za-z0-9\-]+)/(\d{1,6})(?:/(\d))?")
_FMTP = re.compile(r"(\d{1,3}) (.*)")
_FEEDBACK = re.compile(r"(\d{1,3}|\*) (nack|nack pli|ccm fir|goog-remb|transport-cc)")
_EXTMAP = re.compile(r"(\d{1,2})(?:/\w+)? (\S+).*")
_FINGERPRINT = re.compile(r"(sha-\d+) ([0-9A-Fa-f:]{32,200})")
_TOKEN = re.compile(r"[!-~]{1,16}")
_UFRAG = re.compile(r"[A-Za-z0-9+/=_-]{4,256}")
_DIRECTIONS = frozenset({"sendrecv", "sendonly", "recvonly", "inactive"})


@dataclass(slots=True)
class Codec:
    """`name` in lower case; `apt` is the payload type that an rtx repeats, `feedback` what we know of it."""

    payload_type: int
    name: str
    clock_rate: int
    apt: int = -1
    feedback: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Section:
    """One m-line. `formats` is its own text, to be given back where it is refused."""

    kind: str
    port: int
    profile: str
    formats: str
    mid: str = ""
    direction: str = "sendrecv"
    codecs: dict[int, Codec] = field(default_factory=dict)
    extensions: dict[str, int] = field(default_factory=dict)
    rtcp_mux: bool = False
    rtcp_rsize: bool = False
    bundle_only: bool = False
    ufrag: str = ""
    setup: str = ""
    fingerprints: tuple[tuple[str, str], ...] = ()
    formats_of: list[tuple[str, str]] = field(default_factory=list)
    feedback_of_all: set[str] = field(default_factory=set)

    def finish(self) -> None:
        """Parameters may come before the codec they are for: Firefox sorts its attributes."""
        for name, value in sorted(self.formats_of, key=lambda attribute: attribute[0] != "rtpmap"):
            _format(self, name, value)
        for codec in self.codecs.values():
            codec.feedback |= self.feedback_of_all

    @property
    def wanted(self) -> bool:
        """Port 0 refuses a section, unless it only has no port of its own (RFC 9143 §6)."""
        return self.port != 0 or self.bundle_only

    @property
    def sends(self) -> bool:
        """Whether its author wants to send."""
        return self.wanted and self.direction in ("sendrecv", "sendonly")

    @property
    def receives(self) -> bool:
        """Whether its author wants to receive."""
        return self.wanted and self.direction in ("sendrecv", "recvonly")

    def codec(self, name: str, clock_rate: int) -> Codec | None:
        """The first codec of that name."""
        found = (c for c in self.codecs.values() if c.name == name and c.clock_rate == clock_rate)
        return next(found, None)

    def retransmission(self, codec: Codec) -> Codec | None:
        """The rtx that repeats this codec's packets (RFC 4588)."""
        found = (c for c in self.codecs.values() if c.name == "rtx" and c.apt == codec.payload_type)
        return next(found, None)


@dataclass(frozen=True, slots=True)
class Description:
    """A parsed description."""

    sections: tuple[Section, ...]
    bundle: frozenset[str]

    def transport(self, sections: list[Section]) -> Section:
        """The section whose transport carries these. Raises EngineError where they are not in one bundle."""
        if len(sections) > 1 and not all(section.mid in self.bundle for section in sections):
            raise EngineError("sections outside the bundle")
        if not all(section.rtcp_mux for section in sections):
            raise EngineError("no rtcp-mux")
        bundled = [section for section in self.sections if section.mid in self.bundle]
        for section in [*sections, *bundled]:
            if section.fingerprints and section.ufrag:
                return section
        raise EngineError("no fingerprint or no user fragment")


def parse_sdp(text: str) -> Description:
    """Raises EngineError for what is too large or makes no sense."""
    lines = text.split("\n")
    if len(text) > SIZE_LIMIT or len(lines) > LINE_LIMIT:
        raise EngineError("description too large")
    session = Section("session", 0, "", "")
    sections: list[Section] = []
    bundle: frozenset[str] = frozenset()
    for line in lines:
        kind, _, value = line.rstrip("\r").partition("=")
        if kind == "m":
            sections.append(_media(value, session))
        elif kind == "a" and value.startswith("group:BUNDLE"):
            bundle = frozenset(value.split()[1:])
        elif kind == "a":
            _attribute(sections[-1] if sections else session, value)
        if len(sections) > SECTION_LIMIT:
            raise EngineError("too many media sections")
    for section in sections:
        section.finish()
    if not sections:
        raise EngineError("no media section")
    mids = [section.mid for section in sections if section.mid]
    if len(mids) != len(set(mids)):
        raise EngineError("a mid twice")
    return Description(tuple(sections), bundle)


def _media(value: str, session: Section) -> Section:
    parts = value.split(" ", 3)
    if (
        len(parts) != 4
        or not re.fullmatch(r"\d{1,5}", parts[1])
        or not re.fullmatch(r"[a-z]{1,16}", parts[0])
    ):
        raise EngineError("bad media line")
    return Section(
        parts[0],
        int(parts[1]),
        parts[2],
        parts[3],
        ufrag=session.ufrag,
        setup=session.setup,
        fingerprints=session.fingerprints,
        direction=session.direction,
    )


def _attribute(section: Section, text: str) -> None:
    name, _, value = text.partition(":")
    if name in _DIRECTIONS:
        section.direction = name
    elif name == "mid":
        if not _TOKEN.fullmatch(value):
            raise EngineError("bad mid")
        section.mid = value
    elif name == "rtcp-mux":
        section.rtcp_mux = True
    elif name == "rtcp-rsize":
        section.rtcp_rsize = True
    elif name == "bundle-only":
        section.bundle_only = True
    elif name == "setup":
        section.setup = value
    elif name == "ice-ufrag" and _UFRAG.fullmatch(value):
        section.ufrag = value
    elif name == "fingerprint":
        _fingerprint(section, value)
    elif name in ("rtpmap", "fmtp", "rtcp-fb"):
        section.formats_of.append((name, value))
    elif name == "extmap" and (found := _EXTMAP.fullmatch(value)) and 1 <= int(found[1]) <= 14:
        section.extensions[found[2]] = int(found[1])


def _fingerprint(section: Section, value: str) -> None:
    found = _FINGERPRINT.fullmatch(value.strip())
    if found is None:
        return
    if len(section.fingerprints) >= FINGERPRINT_LIMIT:
        raise EngineError("too many fingerprints")
    section.fingerprints = (*section.fingerprints, (found[1].lower(), found[2].upper()))


def _format(section: Section, name: str, value: str) -> None:
    if name == "rtpmap" and (found := _RTPMAP.fullmatch(value.strip())):
        payload_type = int(found[1])
        if payload_type < 128:
            section.codecs[payload_type] = Codec(payload_type, found[2].lower(), int(found[3]))
    elif name == "fmtp" and (found := _FMTP.fullmatch(value)):
        codec = section.codecs.get(int(found[1]))
        apt = re.search(r"(?:^|;)\s*apt=(\d{1,3})", found[2])
        if codec is not None and apt is not None:
            codec.apt = int(apt[1])
    elif name == "rtcp-fb" and (found := _FEEDBACK.fullmatch(value.strip())):
        if found[1] == "*":
            section.feedback_of_all.add(found[2])
        elif (codec := section.codecs.get(int(found[1]))) is not None:
            codec.feedback.add(found[2])


@dataclass(frozen=True, slots=True)
class Local:
    """What every section of ours says about our one transport."""

    address: str
    port: int
    ufrag: str
    password: str
    fingerprint: str
    setup: str

    def lines(self) -> list[str]:
        """A lite agent on one address."""
        family = 6 if ":" in self.address else 4
        return [
            f"c=IN IP{family} {self.address}",
            f"a=ice-ufrag:{self.ufrag}",
            f"a=ice-pwd:{self.password}",
            f"a=fingerprint:sha-256 {self.fingerprint}",
            f"a=setup:{self.setup}",
            f"a=candidate:1 1 udp 2130706431 {self.address} {self.port} typ host",
            "a=end-of-candidates",
        ]


def refused(section: Section) -> list[str]:
    """The answer to a section that is not taken."""
    lines = [f"m={section.kind} 0 {section.profile} {section.formats}", "c=IN IP4 0.0.0.0", "a=inactive"]
    return [*lines, f"a=mid:{section.mid}"] if section.mid else lines


def write_sdp(sections: list[list[str]], bundle: list[str]) -> str:
    """A whole description of ours."""
    head = [
        "v=0",
        "o=- 1 1 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        f"a=group:BUNDLE {' '.join(bundle)}",
        "a=ice-lite",
        "a=msid-semantic: WMS *",
    ]
    return "\r\n".join([*head, *(line for section in sections for line in section)]) + "\r\n"
