"""The confirmation code: six digits that tie the person who is heard to the session that types them.

It is as strong as that session's sign-in and no stronger: success sets `code_confirmed` and leaves the level
of assurance as it is. Only a keyed HMAC of the code is kept.
"""

from __future__ import annotations

import hmac
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from service_api.states import MeetingRefusal

DIGITS = 6
VALID_S = 600
TRIES = 5


@dataclass(frozen=True, slots=True)
class Binding:
    """What a code is worth something for."""

    appointment: str
    participant: str
    session: str


@dataclass(frozen=True, slots=True)
class Confirmation:
    """The code made last for one session; the former ones are worth nothing. Times in seconds."""

    binding: Binding
    seal: bytes = field(repr=False)
    expires_at: float
    tries_left: int = TRIES
    used: bool = False

    def live(self, now: float) -> bool:
        """Whether typing it would confirm."""
        return not self.used and self.tries_left > 0 and now < self.expires_at


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of a try. `refusal` is None where the code was right."""

    confirmation: Confirmation | None
    refusal: MeetingRefusal | None


def seal(key: bytes, binding: Binding, code: str) -> bytes:
    """HMAC-SHA256 over the code and what it is bound to (RFC 2104). Identifiers hold no NUL."""
    parts = (binding.appointment, binding.participant, binding.session, code)
    return hmac.digest(key, "\0".join(parts).encode(), "sha256")


def issue(key: bytes, binding: Binding, code: str, now: float) -> Confirmation:
    """A new code for this session."""
    return Confirmation(binding, seal(key, binding, code), now + VALID_S)


def attempt(key: bytes, confirmation: Confirmation | None, code: str, now: float) -> Attempt:
    """Try a code. A right one works once; a wrong one costs a try."""
    if confirmation is None or confirmation.used:
        return Attempt(confirmation, MeetingRefusal.NO_CODE)
    if confirmation.tries_left <= 0:
        return Attempt(confirmation, MeetingRefusal.TOO_MANY_TRIES)
    if now >= confirmation.expires_at:
        return Attempt(confirmation, MeetingRefusal.CODE_EXPIRED)
    if hmac.compare_digest(seal(key, confirmation.binding, code), confirmation.seal):
        return Attempt(replace(confirmation, used=True), None)
    left = replace(confirmation, tries_left=confirmation.tries_left - 1)
    return Attempt(left, MeetingRefusal.WRONG_CODE)


def told(
    key: bytes, confirmations: Iterable[Confirmation], text: str, now: float
) -> tuple[Confirmation, ...]:
    """Whose codes that are alive a text holds: also with signs between their digits, or wide digits."""
    live = [each for each in confirmations if each.live(now)]
    shown = candidates(text) if live else frozenset()
    return tuple(
        each
        for each in live
        if any(hmac.compare_digest(seal(key, each.binding, code), each.seal) for code in shown)
    )


def given_away(confirmation: Confirmation) -> Confirmation:
    """A code that was in a chat confirms nobody: from now on it is too old, whatever the clock says.

    So a text full of digits is no way to look for the code: what it finds is worth nothing.
    """
    return replace(confirmation, expires_at=0.0)


def candidates(text: str) -> frozenset[str]:
    """Every six digits in a row that a reader could take for a code; only letters part a row of digits."""
    digits = ""
    found: set[str] = set()
    for sign in unicodedata.normalize("NFKC", text):
        value = unicodedata.decimal(sign, None)
        if value is not None:
            digits = (digits + str(value))[-DIGITS:]
            if len(digits) == DIGITS:
                found.add(digits)
        elif unicodedata.category(sign).startswith("L"):
            digits = ""
    return frozenset(found)
