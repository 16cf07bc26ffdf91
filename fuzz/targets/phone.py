"""The whole SIP client on paper sockets, driven by a script: signalling, descriptions, what people do.

Steps as of `sip_agent`; nothing may be left unhandled, and the next call is told of at the end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from typing import Any
from unittest.mock import patch

from fuzz.cut import joined, parts
from fuzz.judge import on_loop, require
from fuzz.paper import Sockets
from fuzz.peer import Peer
from fuzz.wire import SDES_SDP, SDP, SECURE_SDP
from sip_bridge.client import SipClient
from sip_bridge.client_events import ClientEvent, Incoming
from sip_bridge.client_types import AccountConfig
from sip_bridge.core.effects import Address, Flow, Hop
from sip_bridge.core.errors import SipError
from sip_bridge.core.message import parse_message
from tests.doubles.sip_rig import LOCAL, SERVER, call_for_us

MOST_STEPS = 30
AFTERWARDS_S = 40
"""Longer than any transaction lives."""

ACCOUNT = AccountConfig("example.com", "alice", "secret", transport="udp")
DESCRIPTIONS = {
    b"$p": SDP,
    b"$e": SDES_SDP,
    b"$s": SECURE_SDP,
    b"$a": SECURE_SDP.replace(b"actpass", b"active"),
}
"""What stands for whole descriptions in a script, so that these are changed as one."""

Received = Callable[[bytes, Flow], None]
Command = Callable[[SipClient, str], Coroutine[Any, Any, object]]

COMMANDS: dict[bytes, Command] = {
    b"a": lambda client, call: client.calls.answer(call),
    b"r": lambda client, call: client.calls.ring(call),
    b"d": lambda client, call: client.calls.reject(call),
    b"h": lambda client, call: client.calls.hang_up(call),
    b"o": lambda client, call: client.calls.hold(call),
    b"O": lambda client, call: client.calls.resume(call),
    b"k": lambda client, call: client.calls.send_dtmf(call, "1#"),
    b"t": lambda client, call: client.calls.transfer(call, "carol"),
    b"T": lambda client, call: client.calls.transfer_to_call(call, "call-1"),
    b"c": lambda client, call: client.confirm(3),
}


class PaperFlows:
    """In the place of the driver's flows: one to the server, opened at once. `newest` is in use."""

    newest: PaperFlows

    def __init__(self, locator: object, received: Received, *more: object, **options: object) -> None:
        PaperFlows.newest = self
        self.received = received
        self.sent: list[bytes] = []
        self.flow = Flow(1, "udp", LOCAL, SERVER, "example.com")

    def use_authorities(self, ca_file: str) -> None:
        """See Flows."""

    async def open(self, hop: Hop) -> Flow:
        """See Flows."""
        return self.flow

    def transmit(self, flow_id: int, data: bytes, to: Address | None) -> None:
        """See Flows."""
        self.sent.append(data)

    def close(self, flow_id: int) -> None:
        """See Flows."""

    def moved(self) -> list[Flow]:
        """See Flows."""
        return []

    async def stop(self) -> None:
        """See Flows."""


def run(data: bytes) -> None:
    """Raises for a finding."""
    on_loop(_signed_in(parts(data, MOST_STEPS)))


async def _signed_in(steps: list[bytes]) -> None:
    sockets = Sockets()
    with patch("sip_bridge.io.driver.Flows", PaperFlows), sockets.everywhere():
        client = SipClient()
        heard: list[ClientEvent] = []
        client.listen(heard.append)
        script = _Script(client, asyncio.create_task(client.start(ACCOUNT)))
        await script.settle()
        script.receive(script.peer.reply(b"200 Expires: 10000000"))
        for step in steps:
            await script.step(step)
        await script.must_take_the_next_call(heard)
        script.stop()
        await client.stop()
    sockets.must_have_sent_what_can_be()


class _Script:
    def __init__(self, client: SipClient, starting: asyncio.Task[object]) -> None:
        self._client = client
        self._tasks = {starting}
        self.peer = Peer()

    async def step(self, text: bytes) -> None:
        """One step, and what comes of it."""
        letter, rest = text[:1], text[1:]
        for word, meant in DESCRIPTIONS.items():
            rest = rest.replace(word, meant)
        match letter:
            case b"N":
                self.receive(self.peer.new_call(rest))
            case b"Q":
                self.receive(self.peer.ask(rest))
            case b"A":
                self.receive(self.peer.reply(rest))
            case b"D":
                self._do(self._client.dial("bob"))
            case b"T":
                await asyncio.sleep(rest[0] / 8 if rest else 1)
            case b"C":
                self._command(rest)
        await self.settle()

    async def must_take_the_next_call(self, heard: list[ClientEvent]) -> None:
        """Whatever was before: after some time a call for us rings."""
        await asyncio.sleep(AFTERWARDS_S)
        await self.settle()
        before = sum(isinstance(event, Incoming) for event in heard)
        self.receive(call_for_us(body=SDP, call_id="the last", branch="z9hG4bKthelast"))
        await self.settle()
        after = sum(isinstance(event, Incoming) for event in heard)
        require(after == before + 1 or self._refused(), "the next call does not ring")

    def receive(self, message: object | None) -> None:
        """From the server."""
        if message is not None:
            flows = PaperFlows.newest
            flows.received(bytes(message), flows.flow)  # type: ignore[call-overload]

    async def settle(self) -> None:
        """Let everybody do what they have to, and hear what is sent."""
        for _ in range(30):
            await asyncio.sleep(0)
        sent, PaperFlows.newest.sent = PaperFlows.newest.sent, []
        for data in sent:
            if data.strip():
                self.peer.hear(parse_message(data))

    def stop(self) -> None:
        """No command waits any longer."""
        for task in self._tasks:
            task.cancel()

    def _refused(self) -> bool:
        """A registration that the server ended, or as many calls as may be: then nobody is told."""
        return self.peer.refused("the last")

    def _command(self, text: bytes) -> None:
        work = COMMANDS.get(text[:1])
        if work is not None:
            self._do(work(self._client, f"call-{1 + (text[1] if len(text) > 1 else 0) % 4}"))

    def _do(self, command: Coroutine[Any, Any, object]) -> None:
        async def attempt() -> None:
            with suppress(SipError):
                await command

        self._tasks.add(asyncio.create_task(attempt()))


def seeds() -> Iterable[bytes]:
    """Calls both ways with each protection, held, moved, transferred; early sound; forked answers."""
    for kind in (b"$p", b"$e", b"$a"):
        answer = b"A200tRecord-Route: <sip:192.0.2.1;lr>\n\n" + kind
        offer = kind.replace(b"$a", b"$s")
        yield joined(
            b"D", b"A183u\n\n" + kind, answer, b"Co\x00", answer, b"CO\x00", b"A488t", b"Ch\x00", b"A200t"
        )
        yield joined(
            b"N\n\n" + offer, b"Cr\x00", b"Ca\x00", b"Q\x01r", b"Q\x00r\n\n" + offer, b"Q\x01r", b"Q\x02r"
        )
        yield joined(
            b"N\n\n" + offer, b"Ca\x00", b"Q\x01r", b"Q\x04r\n\n$p", b"Q\x00r", b"Q\x01r\n\n$p", b"Ck\x00"
        )
    yield joined(
        b"N-Content-Type", b"Ca\x00", b"Q\x01r\n\n$p", b"Q\x07rRefer-To: <sip:c@h>", b"A200t\n\n$p", b"T\xff"
    )
    yield joined(
        b"D",
        b"A200t\n\n$p",
        b"Ct\x00",
        b"A202t",
        b"Q\x08qEvent: refer\nSubscription-State: terminated",
        b"T\x50",
    )
    yield joined(
        b"D",
        b"A180t",
        b"A302t=Contact: <sip:c@h>",
        b"A407tProxy-Authenticate: Digest realm=example.com, nonce=y",
    )
    yield joined(
        b"D",
        b"A200t\n\nv=0\r\nm=audio 0 RTP/AVP 8\r\n",
        b"A200t",
        b"D",
        b"A200t\n\nnonsense",
        b"A200t",
        b"Cc",
    )
    yield joined(
        b"N\n\n$p",
        b"NReplaces: n11;to-tag=x;from-tag=far\n\n$p",
        b"Q\x06r\n\nSignal=5\nDuration=160",
        b"Cd\x01",
    )
    yield joined(
        b"NP-Asserted-Identity: , <tel:+1>\n\n$p", b"NP-Asserted-Identity:\n\n$s", b"Cc", b"A403t", b"N\n\n$p"
    )
