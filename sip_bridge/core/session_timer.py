"""Session timers (RFC 4028): who refreshes, when, and when a silent session is given up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sip_bridge.core.config import AgentConfig
from sip_bridge.core.message import Request, Response
from sip_bridge.core.parts import number_of, session_expires
from sip_bridge.core.reasons import NETWORK_LOST

if TYPE_CHECKING:
    from sip_bridge.core.call import Call

UAC, UAS = "uac", "uas"


class SessionTimer:
    """One call's timer. `interval` 0: no timer runs."""

    def __init__(self, call: Call) -> None:
        config = call.context.config
        self._call = call
        self._wanted = config.session_expires
        self._least = config.min_session_expires
        self._peer_least = 0
        self.interval = 0
        self.we_refresh = False

    # --- our requests ----------------------------------------------------------------------------

    def request_headers(self) -> list[tuple[str, str]]:
        """What our INVITE or UPDATE says (7.1, 7.4): who refreshes now goes on refreshing."""
        if not self._wanted:
            return []
        seconds = max(self.interval or self._wanted, self._peer_least)
        value = str(seconds)
        if self.interval:
            value += f";refresher={UAC if self.we_refresh else UAS}"
        return [("Session-Expires", value), ("Min-SE", str(max(self._least, self._peer_least)))]

    def raise_interval(self, response: Response) -> bool:
        """A 422: whether asking again with the interval it names makes sense (7.3)."""
        least = number_of(response, "Min-SE")
        if least is None or least <= max(self.interval or self._wanted, self._peer_least):
            return False
        self._peer_least = least
        self.interval = least if self.interval else 0
        return True

    def on_answer(self, response: Response, now: float) -> None:
        """The 2xx to our request (7.2): without Session-Expires nothing expires."""
        expires = session_expires(response)
        if expires is None or not expires.seconds:
            self.stop()
            return
        self._run(expires.seconds, expires.refresher != UAS, now)

    # --- the peer's requests ---------------------------------------------------------------------

    def answer_headers(self, request: Request, now: float) -> list[tuple[str, str]]:
        """What our 2xx says (section 9); the timer starts with it."""
        expires = session_expires(request)
        peer_knows = "timer" in request.supported
        if not self._wanted or (expires is None and not peer_knows):
            self.stop()
            return []
        seconds = self._wanted if expires is None else max(min(expires.seconds, self._wanted), self._least)
        seconds = max(seconds, number_of(request, "Min-SE") or 0)
        refresher = expires.refresher if expires is not None and expires.refresher else UAS
        if not peer_knows:
            refresher = UAS
        self._run(seconds, refresher == UAS, now)
        headers = [("Session-Expires", f"{seconds};refresher={refresher}")]
        return [*headers, ("Require", "timer")] if refresher == UAC else headers

    # --- time ------------------------------------------------------------------------------------

    def stop(self) -> None:
        """Nothing expires any more."""
        self.interval = 0
        self._call.context.agenda.clear(self)

    def _run(self, seconds: int, we_refresh: bool, now: float) -> None:
        self.interval, self.we_refresh = seconds, we_refresh
        agenda = self._call.context.agenda
        if we_refresh:
            agenda.set(self, now + seconds / 2, lambda at: self._refresh(at, now + seconds))
        else:
            agenda.set(self, now + seconds - min(32.0, seconds / 3), self._expired)

    def _refresh(self, now: float, end: float) -> None:
        """Refresh, and if that brings no new 2xx, give up before the peer does (section 10)."""
        self._call.context.agenda.set(self, end - min(32.0, self.interval / 3), self._expired)
        self._call.negotiation.refresh(now)

    def _expired(self, now: float) -> None:
        self._call.bye(now, NETWORK_LOST, 'SIP;cause=408;text="Session timer expired"')


def too_small(config: AgentConfig, request: Request) -> list[tuple[str, str]] | None:
    """The Min-SE of a 422, None when the request's interval is acceptable (section 9)."""
    expires = session_expires(request)
    if expires is None or not config.session_expires or expires.seconds >= config.min_session_expires:
        return None
    return [("Min-SE", str(config.min_session_expires))] if "timer" in request.supported else None
