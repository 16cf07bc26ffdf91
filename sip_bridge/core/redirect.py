"""Following 3xx (RFC 3261 8.1.3.4): by q order, never twice to the same place, up to a limit."""

from __future__ import annotations

from sip_bridge.core.message import Response
from sip_bridge.core.uri import SipUri

_NOT_FOLLOWED = frozenset({305, 380})
"""What asks for another proxy or another service; a 3xx nobody knows is a 300 (RFC 3261 8.1.3.2)."""


class Redirection:
    """The places one call may still be sent to."""

    def __init__(self, target: str, limit: int) -> None:
        self._secure = SipUri.parse(target).secure
        self._visited = [SipUri.parse(target)]
        self._waiting: list[tuple[float, SipUri]] = []
        self._left = limit

    def next(self, response: Response) -> str | None:
        """Where to call next after this refusal; None: nowhere. A 6xx ends the search (16.7)."""
        if response.status >= 600:
            return None
        if response.status // 100 == 3 and response.status not in _NOT_FOLLOWED:
            self._learn(response)
        if not self._waiting or self._left <= 0:
            return None
        self._left -= 1
        _, uri = self._waiting.pop(0)
        self._visited.append(uri)
        return str(uri)

    def _learn(self, response: Response) -> None:
        for contact in response.contacts:
            uri = contact.uri
            if uri is not None and self._acceptable(uri):
                self._waiting.append((contact.q, uri))
        self._waiting.sort(key=lambda place: -place[0])

    def _acceptable(self, uri: SipUri) -> bool:
        if uri.scheme not in {"sip", "sips"} or (self._secure and not uri.secure):
            return False
        known = [*self._visited, *(waiting for _, waiting in self._waiting)]
        return not any(uri.equivalent(other) for other in known)
