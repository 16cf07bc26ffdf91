"""Digest authentication (RFC 7616, RFC 8760, and RFC 2617 as RFC 3261 section 22 uses it), both sides."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from sip_bridge.core.digest_values import (
    ALGORITHMS,
    Answer,
    Challenge,
    compute_response,
    hash_text,
    parse_algorithm,
    parse_challenges,
    response_of,
)

__all__ = [
    "ALGORITHMS", "Answer", "Challenge", "DigestAuth", "DigestVerifier", "Outcome", "Verdict",
    "compute_response", "parse_challenges",
]  # fmt: skip

Random = Callable[[int], bytes]
"""Gives that many unpredictable bytes."""

_KEPT_NONCES = 64


class DigestAuth:
    """One account's side: answers challenges and counts the use of each nonce."""

    def __init__(self, username: str, password: str, random: Random) -> None:
        self._username = username
        self._password = password
        self._random = random
        self._used: dict[tuple[str, str], tuple[str, int]] = {}

    def __repr__(self) -> str:
        return f"DigestAuth({self._username!r})"

    def answer(
        self,
        challenges: Sequence[Challenge],
        method: str,
        uri: str,
        body: bytes = b"",
        *,
        realm: str | None = None,
    ) -> str | None:
        """The Authorization value for the strongest challenge we can answer, None where there is none.

        With `realm` only challenges of exactly that realm are answered: a peer that invents another one
        must not get a hash of the password. A challenge may be answered again: its count goes up.
        """
        plans = [plan for item in challenges if realm in (None, item.realm) and (plan := _plan(item))]
        if not plans:
            return None
        return self._answer(min(plans, key=lambda plan: plan.rank), method, uri, body)

    def _answer(self, plan: _Plan, method: str, uri: str, body: bytes) -> str:
        challenge = plan.challenge
        cnonce, count = self._use(challenge)
        answer = Answer(
            hash_text(plan.name, self._username, challenge.realm) if challenge.userhash else self._username,
            challenge.realm,
            challenge.nonce,
            uri,
            "",
            challenge.algorithm,
            plan.qop,
            cnonce if plan.qop or plan.sess else "",
            f"{count:08x}" if plan.qop else "",
            challenge.opaque,
            challenge.userhash,
        )
        response = compute_response(answer, self._username, self._password, method, body)
        return str(replace(answer, response=response))

    def _use(self, challenge: Challenge) -> tuple[str, int]:
        """The client's nonce and the next count; a session key needs the same cnonce each time."""
        key = (challenge.realm, challenge.nonce)
        cnonce, count = self._used.pop(key) if key in self._used else (self._random(12).hex(), 0)
        self._used[key] = (cnonce, count + 1)
        if len(self._used) > _KEPT_NONCES:
            del self._used[next(iter(self._used))]
        return cnonce, count + 1


@dataclass(frozen=True, slots=True)
class _Plan:
    """How one challenge would be answered."""

    challenge: Challenge
    name: str
    sess: bool
    qop: str

    @property
    def rank(self) -> int:
        return list(ALGORITHMS).index(self.name)


def _plan(challenge: Challenge) -> _Plan | None:
    algorithm = parse_algorithm(challenge.algorithm)
    qop = challenge.usable_qop
    return None if algorithm is None or qop is None else _Plan(challenge, *algorithm, qop)


class Outcome(StrEnum):
    """What a server makes of credentials."""

    GOOD = "good"
    WRONG = "wrong"
    STALE = "stale"
    MALFORMED = "malformed"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`username` is what the client claims; it is proven only where the outcome is GOOD."""

    outcome: Outcome
    username: str = ""


@dataclass(slots=True)
class _Nonce:
    """A nonce we gave out: when it dies and the highest count it was used with."""

    expires_at: float
    count: int = 0


class DigestVerifier:
    """The server's side: gives out nonces and checks answers.

    `password_of` gives the password of a username, or None; `ha1_of` what is known instead of it, as
    H(username:realm:password) in hex for a username and one of `algorithms`, or None. Nonces live
    `lifetime` seconds; each count of a nonce is accepted once, so a recorded answer can't be played again.
    Without `qop` it challenges as RFC 2617 clients of the oldest kind want it, and replay within the lifetime
    can't be seen.
    """

    def __init__(
        self,
        realm: str,
        password_of: Callable[[str], str | None],
        random: Random,
        *,
        lifetime: float = 300.0,
        algorithms: Sequence[str] = ("SHA-256", "MD5"),
        qop: bool = True,
        capacity: int = 10_000,
        ha1_of: Callable[[str, str], str | None] = lambda username, algorithm: None,
    ) -> None:
        self._realm = realm
        self._password_of = password_of
        self._ha1_of = ha1_of
        self._random = random
        self._lifetime = lifetime
        self._algorithms = tuple(algorithms)
        self._qop = ("auth",) if qop else ()
        self._capacity = capacity
        self._nonces: dict[str, _Nonce] = {}

    def challenges(self, now: float, *, stale: bool = False) -> list[str]:
        """Header values for a 401 or 407, one per algorithm, over one new nonce."""
        self._forget(now)
        nonce = self._random(16).hex()
        self._nonces[nonce] = _Nonce(now + self._lifetime)
        return [
            str(Challenge(self._realm, nonce, algorithm, self._qop, stale=stale))
            for algorithm in self._algorithms
        ]

    def _forget(self, now: float) -> None:
        """Nonces stand in the order of their birth, so the dead and the surplus are in front."""
        for nonce in list(self._nonces):
            if self._nonces[nonce].expires_at > now and len(self._nonces) < self._capacity:
                return
            del self._nonces[nonce]

    def verify(
        self, value: str, method: str, now: float, *, body: bytes = b"", uri: str | None = None
    ) -> Verdict:
        """Judge an Authorization value; with `uri` the answer must be for exactly that URI.

        STALE means the password was right but the nonce is old or its count used: challenge again with
        `stale`, and the client needs to ask nobody.
        """
        try:
            answer = Answer.parse(value)
            count = int(answer.nc, 16) if answer.qop else 0
        except ValueError:  # MessageError is one
            return Verdict(Outcome.MALFORMED)
        if (
            answer.realm != self._realm
            or uri not in (None, answer.uri)
            or not self._proves(answer, method, body)
        ):
            return Verdict(Outcome.WRONG, answer.username)
        nonce = self._nonces.get(answer.nonce)
        if nonce is None or nonce.expires_at <= now or (self._qop and count <= nonce.count):
            return Verdict(Outcome.STALE, answer.username)
        nonce.count = count
        return Verdict(Outcome.GOOD, answer.username)

    def _proves(self, answer: Answer, method: str, body: bytes) -> bool:
        algorithm = (answer.algorithm or "MD5").upper()
        if algorithm not in (name.upper() for name in self._algorithms):
            return False
        if answer.qop not in (self._qop or ("",)):
            return False
        if (ha1 := self._ha1_of(answer.username, algorithm)) is not None:
            expected = response_of(answer, ha1, method, body)
        elif (password := self._password_of(answer.username)) is not None:
            expected = compute_response(answer, answer.username, password, method, body)
        else:
            return False
        return hmac.compare_digest(expected.encode(), answer.response.lower().encode("utf-8", "replace"))
