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
from fuzz.wire import MESSAGES, SDP
from sip_bridge.core.calls import UnknownCall
from sip_bridge.core.config import AgentConfig
from sip_bridge.core.effects import CloseFlow, OpenFlow
from sip_bridge.core.errors import MessageError
from sip_bridge.core.events import IncomingInvite
from sip_bridge.core.message import Headers, Request, Response
from sip_bridge.core.validate import validate
from tests.doubles.sip_rig import ACCOUNT, CONTACT, ROUTE, Rig, call_for_us, inside

MOST_STEPS = 40
METHODS = "INVITE ACK BYE CANCEL UPDATE PRACK INFO REFER NOTIFY OPTIONS MESSAGE REGISTER SUBSCRIBE".split()
CONFIG = AgentConfig(contact_user="me", max_calls=100, max_transactions=200)
FOREIGN = 416
"""A peer that names itself by a URI of another scheme is spoken to by that name."""

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
        self._request: Request | None = None
        self._response: Response | None = None
        self._number = 10
        self._registered = False
        self._steps: dict[int, Callable[[bytes], None]] = {
            ord("G"): self._register,
            ord("U"): lambda _: self._rig.agent.unregister(self._rig.now),
            ord("D"): self._dial,
            ord("N"): self._new_call,
            ord("Q"): self._ask,
            ord("A"): self._reply,
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
            fault = validate(message)
            if isinstance(message, Request):
                require(fault is None or fault.status == FOREIGN, f"a request with a fault was sent: {fault}")
                self._request = message
            elif fault is None:
                self._response = message
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
        if text[:1] != b"-" and self._request is not None and self._request.method == "REGISTER":
            self._rig.reply(self._request, 200, ("Expires", "10000000"))

    def _dial(self, text: bytes) -> None:
        offer = None if text[:1] == b"-" else SDP
        self._rig.agent.invite("sip:bob@example.com", offer, self._rig.now)

    def _new_call(self, text: bytes) -> None:
        self._number += 1
        name = f"n{self._number}"
        request = call_for_us(call_id=name, branch=f"z9hG4bK{name}")
        self._changed(request, text)
        self._rig.receive(request)

    def _ask(self, text: bytes) -> None:
        """A request of the peer inside the dialog that was last spoken in."""
        last = self._response if text[1:2] == b"r" else self._request
        last = last or self._response or self._request
        if last is None or not text:
            return
        self._number += 1
        method = METHODS[text[0] % len(METHODS)]
        request = inside(last, method, self._number, CONTACT, ROUTE, ours=isinstance(last, Request))
        request.headers.set("Via", f"SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKq{self._number}")
        self._changed(request, text[2:])
        self._rig.receive(request)

    def _reply(self, text: bytes) -> None:
        """An answer to the agent's newest request."""
        if self._request is None or not text[:3].isdigit() or not 100 <= int(text[:3]) <= 699:
            return
        status = int(text[:3])
        response = self._request.reply(status, to_tag=text[3:4].hex() if status > 100 else "")
        response.headers.add(*CONTACT)
        self._changed(response, text[4:])
        self._rig.receive(response)

    @staticmethod
    def _changed(message: Request | Response, text: bytes) -> None:
        """Header lines: `-Name` takes one away, `=Name: x` sets it, `Name: x` adds it; then a body."""
        head, _, body = text.partition(b"\n\n")
        if body:
            message.body = body
            message.headers.set("Content-Type", "application/sdp")
        for line in head.split(b"\n")[:20]:
            name, _, value = line.decode("utf-8", "surrogateescape").partition(":")
            if "\r" in line.decode("latin-1") or not name:
                continue
            _change(message.headers, name, value.strip())

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
