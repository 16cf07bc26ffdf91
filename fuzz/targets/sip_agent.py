"""The whole user agent, driven by a script: what peers send, when, and what the person at it does.

Each part is a step: a letter, then what it needs. Messages are written relative to what the agent sent last,
so that a mutated script still talks inside real transactions and dialogs. Whatever happens, the agent must
not raise, must send only messages that are sound, and must take the next call at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress

from fuzz.cut import joined, parts
from fuzz.judge import require
from fuzz.peer import Peer
from fuzz.wire import MESSAGES, SDP
from sip_bridge.core.calls import UnknownCall
from sip_bridge.core.config import AgentConfig
from sip_bridge.core.effects import CloseFlow, OpenFlow
from sip_bridge.core.events import IncomingInvite
from sip_bridge.core.message import Request, Response
from tests.doubles.sip_rig import ACCOUNT, Rig, call_for_us

MOST_STEPS = 40
CONFIG = AgentConfig(contact_user="me", max_calls=100, max_transactions=200)
MOST_TIMERS = 400
"""A few for each call and transaction there may be."""


def run(data: bytes) -> None:
    """Raises for a finding."""
    script = _Script("tcp" if data[:1] == b"+" else "udp")
    for step in parts(data.removeprefix(b"+"), MOST_STEPS):
        script.step(step)
    script.must_take_the_next_call()


class _Script:
    def __init__(self, transport: str) -> None:
        self._rig = Rig(CONFIG, transport)
        self._peer = Peer()
        self._steps: dict[int, Callable[[bytes], None]] = {
            ord("G"): self._register,
            ord("U"): lambda _: self._rig.agent.unregister(self._rig.now),
            ord("D"): self._dial,
            ord("N"): lambda text: self._receive(self._peer.new_call(text)),
            ord("Q"): lambda text: self._receive(self._peer.ask(text)),
            ord("A"): lambda text: self._receive(self._peer.reply(text)),
            ord("R"): self._raw,
            ord("T"): lambda text: self._rig.wait(text[0] ** 2 / 50 if text else 0.6),
            ord("O"): lambda _: self._flow(refuse=False),
            ord("X"): lambda _: self._flow(refuse=True),
            ord("L"): lambda _: self._rig.closed_flow(),
            ord("C"): self._command,
        }

    def step(self, text: bytes) -> None:
        """One step, and a look at what came of it."""
        work = self._steps.get(text[0]) if text else None
        if work is not None:
            work(text[1:])
            self._look()

    def must_take_the_next_call(self) -> None:
        """After some time, whatever was before: a call for us is told of."""
        rig = self._rig
        rig.wait(400)
        self._look()
        rig.opened.clear()
        rig.agent.register(ACCOUNT, rig.now)
        rig.collect()
        while rig.opened:
            rig.open()
        for message in rig.sent():
            if isinstance(message, Request) and message.method == "REGISTER":
                rig.reply(message, 200, ("Expires", "3600"))
        before = len(rig.of(IncomingInvite))
        rig.receive(call_for_us(call_id="the last", branch="z9hG4bKthelast"))
        require(len(rig.of(IncomingInvite)) == before + 1, "it does not take the next call")

    def _look(self) -> None:
        rig = self._rig
        for message in rig.sent():
            self._peer.hear(message)
        for transmit in rig.raw:
            require(transmit.flow_id in (1, 2), "sent over a flow there is not")
            require(len(transmit.data) <= 65_535, "longer than a datagram")
        rig.raw.clear()
        require(all(isinstance(one, OpenFlow) for one in rig.opened), "an unknown effect")
        require(all(isinstance(one, CloseFlow) for one in rig.closed), "an unknown effect")
        require(len(rig.opened) <= MOST_TIMERS, "flows without end are asked for")

    def _register(self, text: bytes) -> None:
        self._rig.agent.register(ACCOUNT, self._rig.now)
        self._rig.collect()
        while self._rig.opened:
            self._rig.open()
        self._look()
        if text[:1] != b"-":
            self._receive(self._peer.reply(b"200 Expires: 10000000"))

    def _dial(self, text: bytes) -> None:
        offer = None if text[:1] == b"-" else SDP
        self._rig.agent.invite("sip:bob@example.com", offer, self._rig.now)

    def _receive(self, message: Request | Response | None) -> None:
        if message is not None:
            self._rig.receive(message)

    def _raw(self, text: bytes) -> None:
        self._rig.receive(text[1:], self._rig.peer_flow if text[:1] == b"p" else None)

    def _flow(self, *, refuse: bool) -> None:
        self._rig.collect()
        if self._rig.opened and refuse:
            self._rig.refuse("silent")
        elif self._rig.opened:
            self._rig.open()

    def _command(self, text: bytes) -> None:
        """What a person does, to the call whose number is given."""
        agent, now = self._rig.agent, self._rig.now
        calls = len(self._rig.of(IncomingInvite)) + 1
        call = f"call-{1 + (text[1] if len(text) > 1 else 0) % calls}"
        commands: dict[bytes, Callable[[], None]] = {
            b"r": lambda: agent.ring(call, now),
            b"R": lambda: agent.ring(call, now, SDP),
            b"a": lambda: agent.answer(call, SDP, now),
            b"d": lambda: agent.reject(call, 486, now),
            b"h": lambda: agent.cancel_or_bye(call, now),
            b"o": lambda: agent.reoffer(call, SDP, now),
            b"s": lambda: agent.answer_offer(call, SDP, now),
            b"x": lambda: agent.refuse_offer(call, 488, now),
            b"p": lambda: agent.provide_offer(call, SDP, now),
            b"i": lambda: agent.send_info(call, "application/dtmf-relay", b"Signal=1", now),
            b"t": lambda: agent.refer(call, "sip:carol@example.com", now),
            b"T": lambda: agent.refer_to_call(call, "call-1", now),
            b"y": lambda: agent.accept_refer(call, now),
            b"n": lambda: agent.refuse_refer(call, 603, now),
            b"f": lambda: agent.refresh_registration(now),
            b"w": lambda: agent.renew_registration(now),
            b"m": lambda: agent.local_address_changed(now),
        }
        if (work := commands.get(text[:1])) is not None:
            with suppress(UnknownCall):
                work()


def seeds() -> Iterable[bytes]:
    """Calls both ways from their beginning to their end, registration with a challenge, a transfer."""
    challenge = b'A401tWWW-Authenticate: Digest realm="example.com", nonce="n1", algorithm=MD5, qop="auth"'
    answer = b"Record-Route: <sip:192.0.2.1;lr>\n\n" + SDP
    yield joined(b"G-", challenge, b"A200tExpires: 60", b"T\x32", b"T\xff", b"U", b"A200t")
    yield joined(
        b"G", b"D", b"A100 ", b"A180t", b"A200t" + answer, b"Co\x00", b"A200t" + answer, b"Ch\x00", b"A200t"
    )
    yield joined(
        b"G", b"D", b"A183tRequire: 100rel\nRSeq: 1\n\n" + SDP, b"A200t", b"Ch\x00", b"A200t", b"A487t"
    )
    yield joined(
        b"G", b"D-", b"A200t" + answer, b"Ct\x00", b"A202t", b"Q\x08qEvent: refer\nSubscription-State: active"
    )
    yield joined(
        b"G", b"N\n\n" + SDP, b"Cr\x00", b"Ca\x00", b"Q\x01r", b"Q\x00r\n\n" + SDP, b"Cs\x00", b"Q\x02r"
    )
    yield joined(
        b"G",
        b"NSupported: 100rel, timer\nSession-Expires: 90",
        b"CR\x00",
        b"Q\x05rRAck: 1 1 INVITE",
        b"Ca\x00",
    )
    yield joined(
        b"G", b"N", b"Ca\x00", b"Q\x01r\n\n" + SDP, b"Q\x07rRefer-To: <sip:c@h>", b"Cy\x00", b"D", b"A200t"
    )
    yield joined(
        b"G", b"D", b"A302t=Contact: <sip:c@h>;q=1", b"A407tProxy-Authenticate: Digest realm=x, nonce=y"
    )
    yield joined(b"+G", b"D", b"A422tMin-SE: 3600", b"A491t", b"L", b"O", b"T\xff", b"Cm", b"X", b"Cf", b"Cw")
    yield joined(b"G", *(b"R " + one for one in MESSAGES), *(b"Rp" + one for one in MESSAGES), b"R \r\n\r\n")
