"""What can go wrong in this room."""

from __future__ import annotations


class MediaError(Exception):
    """Root of this room's errors."""


class CodecUnavailable(MediaError):
    """A codec can't be used on this machine (its library is missing) or is not ours; the text says which."""


class CodecError(MediaError):
    """A codec refused an operation or a payload; the text carries the library's own words."""
