"""The far end of a scripted call: its messages are written relative to what it heard last."""

from __future__ import annotations

from fuzz.judge import require
from sip_bridge.core.errors import MessageError
from sip_bridge.core.message import Headers, Request, Response
from sip_bridge.core.validate import validate
from tests.doubles.sip_rig import CONTACT, ROUTE, call_for_us, inside

METHODS = "INVITE ACK BYE CANCEL UPDATE PRACK INFO REFER NOTIFY OPTIONS MESSAGE REGISTER SUBSCRIBE".split()

FOREIGN = 416
"""A peer that names itself by a URI of another scheme is spoken to by that name."""


class Peer:
    """Hears what we send, and makes requests and answers that belong to it."""

    def __init__(self) -> None:
        self._request: Request | None = None
        self._response: Response | None = None
        self._number = 10
        self._final: dict[str, int] = {}

    def refused(self, call_id: str) -> bool:
        """Whether our last answer there was a refusal."""
        return self._final.get(call_id, 0) >= 300

    def hear(self, message: Request | Response) -> None:
        """One of ours. A request with a fault is a Finding."""
        fault = validate(message)
        if isinstance(message, Request):
            require(fault is None or fault.status == FOREIGN, f"a request with a fault was sent: {fault}")
            self._request = message
        elif fault is None:
            self._response = message
            self._final[message.call_id] = message.status

    def new_call(self, text: bytes) -> Request:
        """An INVITE for us, changed by `text`."""
        self._number += 1
        name = f"n{self._number}"
        request = call_for_us(call_id=name, branch=f"z9hG4bK{name}")
        _changed(request, text)
        return request

    def ask(self, text: bytes) -> Request | None:
        """A request inside the dialog that was last spoken in: its method's number, `r` for that of our last
        answer, then what is changed."""
        last = self._response if text[1:2] == b"r" else self._request
        last = last or self._response or self._request
        if last is None or not text:
            return None
        self._number += 1
        method = METHODS[text[0] % len(METHODS)]
        request = inside(last, method, self._number, CONTACT, ROUTE, ours=isinstance(last, Request))
        request.headers.set("Via", f"SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKq{self._number}")
        _changed(request, text[2:])
        return request

    def reply(self, text: bytes) -> Response | None:
        """An answer to our newest request: its status, a letter that is its tag, then what is changed."""
        if self._request is None or not text[:3].isdigit() or not 100 <= int(text[:3]) <= 699:
            return None
        status = int(text[:3])
        response = self._request.reply(status, to_tag=text[3:4].hex() if status > 100 else "")
        response.headers.add(*CONTACT)
        _changed(response, text[4:])
        return response


def _changed(message: Request | Response, text: bytes) -> None:
    """Header lines: `-Name` takes one away, `=Name: x` sets it, `Name: x` adds it; then a body."""
    head, _, body = text.partition(b"\n\n")
    if body:
        message.body = body
        message.headers.set("Content-Type", "application/sdp")
    for line in head.split(b"\n")[:20]:
        name, _, value = line.decode("utf-8", "surrogateescape").partition(":")
        if name and b"\r" not in line:
            _change(message.headers, name, value.strip())


def _change(headers: Headers, name: str, value: str) -> None:
    try:
        if name.startswith("-"):
            headers.remove(name[1:])
        elif name.startswith("="):
            headers.set(name[1:], value)
        else:
            headers.add(name, value)
    except MessageError:
        return
