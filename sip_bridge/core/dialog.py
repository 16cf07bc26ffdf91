"""Dialogs (RFC 3261 section 12): who talks to whom, by which route, with which number next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sip_bridge.core.effects import Flow, Hop
from sip_bridge.core.headers import NameAddr
from sip_bridge.core.message import Headers, Request, Response
from sip_bridge.core.uri import SipUri

DialogId = tuple[str, str, str]
"""Call-ID, local tag, remote tag."""


@dataclass(eq=False)
class Dialog:
    """One dialog. `local` and `remote` are From/To values byte for byte, tags included.

    `flow` is the one its latest message came by, while it is open; `home`: it was made through our server.
    """

    call_id: str
    local: str
    remote: str
    local_tag: str
    remote_tag: str
    target: str
    routes: tuple[str, ...]
    local_seq: int
    remote_seq: int | None = None
    early: bool = True
    peer_allows: tuple[str, ...] = field(default=())
    peer_supports: tuple[str, ...] = field(default=())
    flow: Flow | None = None
    home: bool = False

    @property
    def id(self) -> DialogId:
        """What messages are matched by."""
        return (self.call_id, self.local_tag, self.remote_tag)

    @classmethod
    def from_response(cls, request: Request, response: Response) -> Dialog:
        """The dialog a response to our request makes (12.1.2). A response without Contact keeps the URI."""
        contacts = response.contacts
        dialog = cls(
            call_id=request.call_id,
            local=request.headers.get("From") or "",
            remote=response.headers.get("To") or "",
            local_tag=request.from_.tag,
            remote_tag=response.to.tag,
            target=_target(contacts) or request.uri,
            routes=tuple(reversed(response.headers.get_all("Record-Route"))),
            local_seq=request.cseq.number,
            early=response.status < 200,
        )
        dialog.learn(response)
        return dialog

    @classmethod
    def from_request(cls, request: Request, local_tag: str) -> Dialog:
        """The dialog our answer to a request makes (12.1.1)."""
        dialog = cls(
            call_id=request.call_id,
            local=str(request.to.with_tag(local_tag)),
            remote=request.headers.get("From") or "",
            local_tag=local_tag,
            remote_tag=request.from_.tag,
            target=_target(request.contacts) or _target((request.from_,)),
            routes=tuple(request.headers.get_all("Record-Route")),
            local_seq=0,
            remote_seq=request.cseq.number,
        )
        dialog.learn(request)
        return dialog

    def learn(self, message: Request | Response) -> None:
        """Keep what the peer says it allows and supports."""
        self.peer_allows = tuple(m.upper() for m in message.allow) or self.peer_allows
        if "Supported" in message.headers:
            self.peer_supports = message.supported

    def confirm(self, response: Response) -> None:
        """The 2xx to our INVITE: the route set is computed again (13.2.2.4)."""
        self.early = False
        self.routes = tuple(reversed(response.headers.get_all("Record-Route")))
        self.refresh_target(response)
        self.learn(response)

    def refresh_target(self, message: Request | Response) -> None:
        """A target refresh: INVITE or UPDATE with a Contact (12.2)."""
        self.target = _target(message.contacts) or self.target

    def in_order(self, request: Request) -> bool:
        """Whether the request's number is new; it is taken note of (12.2.2)."""
        number = request.cseq.number
        if self.remote_seq is not None and number <= self.remote_seq:
            return False
        self.remote_seq = number
        return True

    def request(self, method: str, headers: Sequence[tuple[str, str]] = (), body: bytes = b"") -> Request:
        """A request inside the dialog with the next number (12.2.1.1)."""
        self.local_seq += 1
        return self._build(method, self.local_seq, headers, body)

    def ack(self, number: int, headers: Sequence[tuple[str, str]] = (), body: bytes = b"") -> Request:
        """The ACK of the 2xx to the INVITE with that number (13.2.2.4)."""
        return self._build("ACK", number, headers, body)

    def next_number(self) -> int:
        """One number further, for a request that is sent again with credentials."""
        self.local_seq += 1
        return self.local_seq

    def hop(self) -> Hop:
        """Where its requests go first."""
        first = NameAddr.parse(self.routes[0]).uri if self.routes else None
        return hop_of(first) if first is not None else self.target_hop()

    def target_hop(self) -> Hop:
        """Where the other end is."""
        return hop_of(SipUri.parse(self.target))

    def _build(self, method: str, number: int, extra: Sequence[tuple[str, str]], body: bytes) -> Request:
        uri, routes = self._uri_and_routes()
        headers = Headers()
        for route in routes:
            headers.add("Route", route)
        headers.add("Max-Forwards", "70")
        headers.add("From", self.local)
        headers.add("To", self.remote)
        headers.add("Call-ID", self.call_id)
        headers.add("CSeq", f"{number} {method}")
        for name, value in extra:
            headers.add(name, value)
        return Request(method, uri, headers, body)

    def _uri_and_routes(self) -> tuple[str, tuple[str, ...]]:
        """Request-URI and Route values; a first hop without `lr` is a strict router (12.2.1.1)."""
        if not self.routes:
            return self.target, ()
        first = NameAddr.parse(self.routes[0]).uri
        if first is None or first.has_parameter("lr"):
            return self.target, self.routes
        strict = first.without_parameter("method").without_headers()
        return str(strict), (*self.routes[1:], f"<{self.target}>")


def hop_of(uri: SipUri) -> Hop:
    """The hop a SIP URI names (RFC 3263)."""
    return Hop(uri.maddr or uri.host, uri.port or 0, uri.transport, uri.secure)


def _target(contacts: tuple[NameAddr, ...]) -> str:
    """Without the headers that may not stand there and never in a Request-URI (19.1.1, table 1)."""
    uri = contacts[0].uri if contacts else None
    return "" if uri is None else str(uri.without_headers())
