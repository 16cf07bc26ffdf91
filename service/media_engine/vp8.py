"""VP8's payload descriptor (RFC 7741 §4.2): where pictures start, which are keys, their numbers."""

from __future__ import annotations

from typing import NamedTuple


class Descriptor(NamedTuple):
    """`picture` is -1 where the stream doesn't number them, `layer` the temporal one (0 is the base)."""

    start: bool
    key: bool
    picture: int = -1
    long: bool = False
    at: int = 0
    layer: int = 0

    def renumbered(self, payload: bytes, picture: int) -> bytes:
        """The payload with another picture number, cut to the size the stream uses."""
        if self.picture < 0:
            return payload
        short = bytes([picture & 0x7F])
        value = bytes([0x80 | picture >> 8 & 0x7F, picture & 0xFF]) if self.long else short
        return payload[: self.at] + value + payload[self.at + len(value) :]


def parse_vp8(payload: bytes) -> Descriptor:
    """Raises ValueError where the payload ends inside its descriptor."""
    try:
        return _parse(payload)
    except IndexError as error:
        raise ValueError("cut descriptor") from error


def _parse(payload: bytes) -> Descriptor:
    first, at = payload[0], 1
    picture, long, picture_at, layer = -1, False, 0, 0
    if first & 0x80:
        flags, at = payload[1], 2
        if flags & 0x80:
            picture_at, long = at, bool(payload[at] & 0x80)
            picture = payload[at] & 0x7F
            at += 1
            if long:
                picture = picture << 8 | payload[at]
                at += 1
        at += flags >> 6 & 1
        if flags & 0x30:
            layer = payload[at] >> 6 if flags & 0x20 else 0
            at += 1
    start = bool(first & 0x10) and not first & 0x07
    key = start and not payload[at] & 0x01
    return Descriptor(start, key, picture, long, picture_at, layer)
