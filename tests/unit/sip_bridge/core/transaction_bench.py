"""The transaction layer on a bench: messages in, what it sends and when."""

from __future__ import annotations

import random

from sip_bridge.core.effects import Flow, Transmit
from sip_bridge.core.message import Headers, Request, Response, parse_message
from sip_bridge.core.transaction_layer import TransactionLayer

UDP = Flow(1, "udp", ("192.0.2.1", 5060), ("192.0.2.2", 5060))
TCP = Flow(2, "tcp", ("192.0.2.1", 40000), ("192.0.2.2", 5060))
V6 = Flow(3, "udp", ("2001:db8::1", 5060), ("2001:db8::2", 5060))


class Bench:
    """A layer with a flow to one peer, and a clock."""

    def __init__(self, flow: Flow = UDP, limit: int = 1000) -> None:
        self.layer = TransactionLayer(random.Random(1).randbytes, limit=limit)
        self.flow = flow
        self.now = 0.0
        self.transmits: list[Transmit] = []

    def sent(self) -> list[str]:
        """What was sent since the last look, as "INVITE" and "200 INVITE"."""
        self.transmits = self.layer.take_effects()
        return [_name(effect.data) for effect in self.transmits]

    def wait(self, seconds: float) -> list[tuple[float, str]]:
        """What is sent while time passes, with its times."""
        end, sent = self.now + seconds, []
        while (due := self.layer.next_timer()) is not None and due <= end:
            self.now = due
            self.layer.tick(due)
            sent += [(round(due, 3), name) for name in self.sent()]
        self.now = end
        return sent

    def receive(self, message: Request | Response, flow: Flow | None = None) -> None:
        """A message arrives."""
        self.layer.receive(parse_message(bytes(message)), flow or self.flow, self.now)


def _name(data: bytes) -> str:
    message = parse_message(data)
    return message.method if isinstance(message, Request) else f"{message.status} {message.cseq.method}"


def a_request(method: str = "INVITE", *, via: str = "", tag: str = "", call: str = "c1") -> Request:
    headers = Headers([("Via", via)] if via else [])
    for name, value in [
        ("Max-Forwards", "70"),
        ("From", "<sip:a@example.com>;tag=a"),
        ("To", "<sip:b@example.com>" + (f";tag={tag}" if tag else "")),
        ("Call-ID", call),
        ("CSeq", f"1 {method}"),
        ("Route", "<sip:proxy.example.com;lr>"),
    ]:
        headers.add(name, value)
    return Request(method, "sip:b@example.com", headers)


def arriving(
    method: str = "INVITE", branch: str = "z9hG4bKx", host: str = "192.0.2.2", **more: str
) -> Request:
    return a_request(method, via=f"SIP/2.0/UDP {host}:5060;branch={branch}", **more)
