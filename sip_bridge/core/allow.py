"""What we can: the methods, extensions and bodies our messages name."""

from __future__ import annotations

ALLOW = "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, REFER, NOTIFY, INFO"
SUPPORTED = "replaces, timer, 100rel, norefersub"
KNOWN_OPTIONS = frozenset({"replaces", "timer", "100rel", "path", "outbound", "norefersub"})
SDP = "application/sdp"

_METHODS = frozenset(ALLOW.split(", "))
_OTHERS = frozenset({"REGISTER", "SUBSCRIBE", "PUBLISH", "MESSAGE"})
"""MESSAGE too: 200 would tell its sender that somebody has it before their eyes (RFC 3428 7)."""


def refusal_of_method(method: str) -> int:
    """0 for a method of ours, 405 for one we know of, 501 for any other (RFC 3261 8.2.1)."""
    if method in _METHODS:
        return 0
    return 405 if method in _OTHERS else 501
