"""What we can: the methods, extensions and bodies our messages name."""

from __future__ import annotations

ALLOW = "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, REFER, NOTIFY, INFO, MESSAGE"
SUPPORTED = "replaces, timer, 100rel, norefersub"
KNOWN_OPTIONS = frozenset({"replaces", "timer", "100rel", "path", "outbound", "norefersub"})
SDP = "application/sdp"
