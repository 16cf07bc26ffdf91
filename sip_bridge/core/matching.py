"""Which messages belong together, and where a response goes (RFC 3261 17.1.3, 17.2.3, 18.2)."""

from __future__ import annotations

from sip_bridge.core.effects import Address, Flow
from sip_bridge.core.headers import Via
from sip_bridge.core.message import Headers, Request, Response
from sip_bridge.core.transaction import Input, Transaction

COOKIE = "z9hG4bK"


def class_of(status: int) -> Input:
    """Which input of its machine a response is."""
    if status < 200:
        return Input.PROVISIONAL
    return Input.SUCCESS if status < 300 else Input.FAILURE


def answers(response: Response, flow: Flow, transaction: Transaction) -> bool:
    """Whether the response came back to our own Via from where the request went."""
    sent = transaction.request.top_via
    via = response.top_via
    same_via = (via.host, via.port) == (sent.host, sent.port) and len(response.vias) == 1
    return same_via and (flow.id == transaction.flow.id or flow.remote[0] == transaction.flow.remote[0])


def server_key(request: Request) -> tuple[str, ...]:
    """RFC 3261 17.2.3; for peers of RFC 2543 without the cookie everything that names the transaction.

    So too where nothing follows the cookie: such a peer's branches are all the same (RFC 4475 3.2.1).
    """
    via = request.top_via
    method = "INVITE" if request.method == "ACK" else request.method
    branch = via.branch
    if branch.startswith(COOKIE) and branch != COOKIE:
        return ("server", branch, via.host.lower(), str(via.port), method)
    named = identity(request)[:3]
    return ("server", branch, via.host.lower(), str(via.port), *named, request.uri, method)


def identity(request: Request) -> tuple[str, ...]:
    """What makes one request the same by whatever way it comes (8.2.2.2)."""
    return (request.call_id, request.from_.tag, str(request.cseq.number), request.cseq.method)


def seen_from(request: Request, flow: Flow) -> Request:
    """The request with `received` and `rport` filled in on its top Via (RFC 3261 18.2.1, RFC 3581 4)."""
    via = request.top_via
    host, port = flow.remote
    headers = request.headers.copy()
    headers.replace_first("Via", str(via.with_received(host, port)))
    return Request(request.method, request.uri, headers, request.body)


def reply_address(via: Via, flow: Flow) -> Address | None:
    """Where a response goes on UDP when that is not the flow's remote address (RFC 3261 18.2.2)."""
    if flow.reliable:
        return None
    where = (via.received or via.host, via.rport or via.port or 5060)
    return None if where == flow.remote else where


def companion(request: Request, method: str, to: str) -> Request:
    """The ACK or CANCEL of an INVITE: same Via, Route, From, Call-ID and number (17.1.1.3, 9.1)."""
    headers = Headers()
    headers.add("Via", request.headers.get_all("Via")[0])
    for route in request.headers.get_all("Route"):
        headers.add("Route", route)
    headers.add("Max-Forwards", "70")
    headers.add("From", request.headers.get("From") or "")
    headers.add("To", to)
    headers.add("Call-ID", request.call_id)
    headers.add("CSeq", f"{request.cseq.number} {method}")
    return Request(method, request.uri, headers, b"")
