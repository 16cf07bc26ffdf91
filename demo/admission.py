"""Who may ask the exchange for what (RFC 3261 section 22)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from demo.talks import Talks
from sip_bridge.core.digest import DigestVerifier, Outcome
from sip_bridge.core.effects import Flow
from sip_bridge.core.headers import NameAddr
from sip_bridge.core.message import Request


class Refusal(NamedTuple):
    """The answer to a request that goes no further."""

    status: int
    headers: list[tuple[str, str]]


class Admission:
    """A request must prove its sender, who must be who it says; but in a call a phone is known already."""

    def __init__(self, verifier: DigestVerifier, number_of: Callable[[str], str], talks: Talks) -> None:
        self._verifier = verifier
        self._number_of = number_of
        self._talks = talks

    def refusal(self, request: Request, flow: Flow, now: float) -> Refusal | None:
        """None where the request may go on. CANCEL and ACK, which no one may challenge, don't come here."""
        if request.method == "REGISTER":
            return self._challenge(request, _user(request.to), now)
        if not request.to.tag:
            return self._challenge(request, _user(request.from_), now)
        leg = self._talks.find(request)
        if leg is None or self._talks.comes_from(leg, flow, now):
            return None  # in a call that does not exist there is nothing to protect: it is told so
        return self._challenge(request, leg.user, now)

    def _challenge(self, request: Request, sender: str, now: float) -> Refusal | None:
        at_registrar = request.method == "REGISTER"
        name = "Authorization" if at_registrar else "Proxy-Authorization"
        verdicts = [
            self._verifier.verify(value, request.method, now, body=request.body)
            for value in request.headers.get_lines(name)
        ]
        good = [verdict for verdict in verdicts if verdict.outcome is Outcome.GOOD]
        if good:
            return None if self._number_of(good[0].username) == sender else Refusal(403, [])
        stale = any(verdict.outcome is Outcome.STALE for verdict in verdicts)
        asks = "WWW-Authenticate" if at_registrar else "Proxy-Authenticate"
        values = self._verifier.challenges(now, stale=stale)
        return Refusal(401 if at_registrar else 407, [(asks, value) for value in values])


def _user(address: NameAddr) -> str:
    return address.uri.user if address.uri is not None else ""
