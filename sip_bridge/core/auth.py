"""Which challenges get our credentials (RFC 3261 22, RFC 7616, RFC 8760).

Only requests to our own server are answered for, only in its pinned realm, never with a weaker algorithm
than the registrar once asked for, once per kind of challenge, and again only when the server says the nonce
was stale. A peer behind the server can copy its realm: so in a dialog a 401, which is a user agent's to send,
is answered only where that user agent is the server itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sip_bridge.core.config import RegistrationConfig
from sip_bridge.core.digest import DigestAuth
from sip_bridge.core.digest_values import ALGORITHMS, Answer, Challenge, parse_algorithm, parse_challenges
from sip_bridge.core.message import Request, Response

if TYPE_CHECKING:
    from sip_bridge.core.sending import Outgoing

_HEADERS = {401: ("WWW-Authenticate", "Authorization"), 407: ("Proxy-Authenticate", "Proxy-Authorization")}
_MOST_ANSWERS = 4


class Authenticator:
    """The account's credentials and the realm they belong to."""

    def __init__(self, random: Callable[[int], bytes]) -> None:
        self._random = random
        self._digest = DigestAuth("", "", random)
        self._last: list[Challenge] = []
        self._weakest = len(ALGORITHMS)
        self.realm = ""

    def use(self, account: RegistrationConfig) -> None:
        """From now on answer for this account; what was learnt for another is forgotten."""
        self._digest = DigestAuth(account.username, account.password, self._random)
        self._last = []
        self._weakest = len(ALGORITHMS)
        self.realm = account.realm

    def preempt(self, register: Request) -> None:
        """Put credentials for the registrar's last challenge on a REGISTER: saves a round trip."""
        value = self._value(self._last, register) if self._last else None
        if value is not None:
            register.headers.set("Authorization", value)

    def answer(self, sent: Outgoing, response: Response) -> bool:
        """Put credentials on the request and renumber it; False: the challenge stands as the final answer."""
        asked, answered = _HEADERS[response.status]
        challenges = parse_challenges(response.headers.get_lines(asked))
        if not self._may_answer(sent, response.status, challenges):
            return False
        value = self._value(challenges, sent.request)
        if value is None:
            return False
        self._note(sent, response.status, challenges, value)
        sent.request.headers.set(answered, value)
        sent.request.headers.set("CSeq", f"{sent.renumber()} {sent.request.method}")
        return True

    def _may_answer(self, sent: Outgoing, status: int, challenges: list[Challenge]) -> bool:
        if not sent.home or (sent.far_end and status == 401) or len(sent.challenged) >= _MOST_ANSWERS:
            return False
        if not self.realm and sent.request.method != "REGISTER":
            return False
        asked_before = any(before == status for before, _ in sent.challenged)
        return not asked_before or any(challenge.stale for challenge in challenges)

    def _value(self, challenges: list[Challenge], request: Request) -> str | None:
        realm = self.realm or None
        strong = [challenge for challenge in challenges if _rank(challenge.algorithm) <= self._weakest]
        return self._digest.answer(strong, request.method, request.uri, request.body, realm=realm)

    def _note(self, sent: Outgoing, status: int, challenges: list[Challenge], value: str) -> None:
        answer = Answer.parse(value)
        sent.challenged.add((status, answer.nonce))
        if sent.request.method == "REGISTER":
            self.realm = self.realm or answer.realm
            self._weakest = min(self._weakest, _rank(answer.algorithm))
            if status == 401:
                self._last = challenges


def _rank(algorithm: str) -> int:
    """Place among the algorithms, 0 the strongest; unknown ones come after all."""
    parsed = parse_algorithm(algorithm)
    return len(ALGORITHMS) if parsed is None else list(ALGORITHMS).index(parsed[0])
