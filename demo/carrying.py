"""What of a message goes from one leg to the other as it came, and what each leg says for itself.

Session descriptions, answers to them, timers (RFC 4028), Reason and everything unknown pass. A dialog's own
fields do not, nor do credentials and challenges, nor what a phone asserts about who it is.
"""

from __future__ import annotations

from sip_bridge.core.fields import header_key
from sip_bridge.core.message import Headers, Request, Response

_EACH_LEGS_OWN = frozenset(
    (
        "via from to call-id cseq contact route record-route max-forwards content-length path service-route "
        "authorization proxy-authorization www-authenticate proxy-authenticate authentication-info "
        "p-asserted-identity p-preferred-identity replaces join target-dialog refer-to rack event"
    ).split()
)


def carried(message: Request | Response) -> list[tuple[str, str]]:
    """The header fields that pass. Where else to call (3xx) passes too."""
    moved = isinstance(message, Response) and 300 <= message.status < 400
    return [
        (name, value)
        for name, value in message.headers
        if header_key(name) not in _EACH_LEGS_OWN or (moved and header_key(name) == "contact")
    ]


def carried_status(response: Response) -> int:
    """A phone's challenge ends here: a caller's credentials are for the exchange alone."""
    return 403 if response.status in {401, 407} else response.status


def onward(request: Request, uri: str, tag: str, call_id: str, headers: list[tuple[str, str]]) -> Request:
    """The request outside dialogs that does on one leg what `request` did on the other."""
    fresh = Headers()
    fresh.add("Max-Forwards", hops_left(request))
    fresh.add("From", str(request.from_.with_tag(tag)))
    fresh.add("To", request.headers.get("To") or "")
    fresh.add("Call-ID", call_id)
    fresh.add("CSeq", f"1 {request.method}")
    for name, value in [*headers, *carried(request)]:
        fresh.add(name, value)
    return Request(request.method, uri, fresh, request.body)


def hops_left(request: Request) -> str:
    """Max-Forwards for the other leg: two exchanges that send calls to each other must stop."""
    hops = request.max_forwards
    return str((70 if hops is None else hops) - 1)
