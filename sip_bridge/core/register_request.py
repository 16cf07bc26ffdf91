"""The REGISTER itself, and what its answer grants (RFC 3261 10.2, RFC 3581, RFC 5626)."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from sip_bridge.core.allow import ALLOW
from sip_bridge.core.binding import Binding
from sip_bridge.core.config import RegistrationConfig
from sip_bridge.core.effects import Address, Flow
from sip_bridge.core.errors import MessageError
from sip_bridge.core.headers import NameAddr
from sip_bridge.core.message import Headers, Request, Response
from sip_bridge.core.parts import number_of
from sip_bridge.core.uri import SipUri

LONGEST_BINDING = 86_400
"""Seconds after which we ask again whatever was promised."""

MOST_ROUTES = 8


@dataclass(frozen=True, slots=True)
class Form:
    """What one REGISTER says. `contact` is in angle brackets; `outbound`: RFC 5626 parameters are wanted."""

    account: RegistrationConfig
    call_id: str
    number: int
    expires: int
    contact: str
    outbound: bool


def build_register(form: Form, binding: Binding, tag: str) -> Request:
    """The request, without credentials."""
    account = form.account
    aor = SipUri.parse(account.aor)
    headers = Headers()
    for route in binding.proxy_routes:
        headers.add("Route", route)
    headers.add("Max-Forwards", "70")
    headers.add("From", str(NameAddr(account.display_name, aor).with_tag(tag)))
    headers.add("To", f"<{aor}>")
    headers.add("Call-ID", form.call_id)
    headers.add("CSeq", f"{form.number} REGISTER")
    headers.add("Contact", form.contact + _parameters(form))
    headers.add("Expires", str(form.expires))
    headers.add("Supported", "path, outbound" if form.outbound else "path")
    headers.add("Allow", ALLOW)
    return Request("REGISTER", binding.domain, headers)


def _parameters(form: Form) -> str:
    instance = form.account.instance
    text = f";expires={form.expires}"
    if instance:
        text += f';+sip.instance="<{instance}>"'
        text += ";reg-id=1" if form.outbound else ""
    return text


def granted(response: Response, contact: str, asked: int) -> int:
    """For how many seconds the registrar keeps our binding (10.2.4): 0 is none, and nobody means years."""
    ours = SipUri.parse(contact.strip("<>"))
    for value in response.headers.get_all("Contact"):
        if ours.host.lower() not in value.lower():
            continue  # of other devices there may be thousands
        with suppress(MessageError):
            binding = NameAddr.parse(value)
            if binding.uri is not None and binding.expires is not None and binding.uri.equivalent(ours):
                return min(binding.expires, LONGEST_BINDING)
    told = number_of(response, "Expires")
    return min(asked if told is None else told, LONGEST_BINDING)


def service_routes(response: Response) -> tuple[str, ...]:
    """The way for requests of ours that the registrar names (RFC 3608); none where it can't be gone."""
    routes = tuple(response.headers.get_all("Service-Route"))
    try:
        readable = all(NameAddr.parse(route).uri is not None for route in routes)
    except MessageError:
        readable = False
    return routes if readable and len(routes) <= MOST_ROUTES else ()


def seen_by_server(response: Response, flow: Flow) -> Address:
    """Our address as the response's Via tells it (RFC 3581)."""
    via = response.top_via
    return (via.received or flow.local[0], via.rport or flow.local[1])
