"""Whose move it is in offer and answer (RFC 3264 section 4), as one table."""

from __future__ import annotations

from enum import Enum, auto
from types import MappingProxyType

from sip_bridge.core.errors import SipError


class Turn(Enum):
    """Whose move it is."""

    STABLE = auto()
    OURS_OUT = auto()  # our offer waits for the peer's answer
    THEIRS_IN = auto()  # the peer's offer waits for the application
    ASKED = auto()  # the peer wants our offer; the application has not given it yet
    GIVEN = auto()  # our offer went out in a 2xx; the ACK brings the answer


TURNS: MappingProxyType[Turn, frozenset[Turn]] = MappingProxyType(
    {
        Turn.STABLE: frozenset({Turn.OURS_OUT, Turn.THEIRS_IN, Turn.ASKED, Turn.GIVEN}),
        Turn.OURS_OUT: frozenset({Turn.STABLE}),
        Turn.THEIRS_IN: frozenset({Turn.STABLE}),
        Turn.ASKED: frozenset({Turn.GIVEN, Turn.STABLE}),
        Turn.GIVEN: frozenset({Turn.STABLE}),
    }
)


class IllegalTurn(SipError):
    """Our own code tried an offer or answer out of turn."""
