"""Calls until they ring: who calls whatever the headers say, and what can't be answered."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import cast

import pytest

from sip_bridge.arrivals import Arrivals, caller_of
from sip_bridge.client_events import ClientEvent
from sip_bridge.client_types import CommandRefused
from sip_bridge.core.agent import Agent
from sip_bridge.core.errors import SipError
from sip_bridge.core.events import IncomingInvite
from sip_bridge.rtp.session import AudioSession
from sip_bridge.tasks import Tasks


class Session:
    """A media session that answers when it may, or fails."""

    def __init__(self) -> None:
        self.may = asyncio.Event()
        self.failure: SipError | None = None
        self.closed = False

    async def create_offer(self) -> bytes:
        await self.may.wait()
        if self.failure is not None:
            raise self.failure
        return b"our offer"

    async def create_answer(self, offer: bytes) -> bytes:
        await self.create_offer()
        return b"answer to " + offer

    async def close(self) -> None:
        self.closed = True


class Line:
    """A line on which calls arrive; `rang` has those that may, with their answers, `refused` the others."""

    server = "vip.example.com"

    def __init__(self) -> None:
        self.tasks = Tasks()
        self.refused: list[tuple[str, int]] = []
        self.rang: list[tuple[str, bytes]] = []
        self.session = Session()
        self.full = False
        refuses = SimpleNamespace(reject=lambda call, status, now: self.refused.append((call, status)))
        self.agent = cast(Agent, refuses)
        self.arrivals = Arrivals(self, self._open, lambda event, _, __, answer: self._ring(event, answer))

    async def _open(self) -> AudioSession:
        if self.full:
            raise CommandRefused("no pair of ports is free")
        return cast(AudioSession, self.session)

    def _ring(self, event: IncomingInvite, answer: bytes) -> None:
        self.rang.append((event.call, answer))

    def now(self) -> float:
        return 0.0

    def pump(self) -> None:
        pass

    def tell(self, event: ClientEvent) -> None:
        pass

    async def come(self, offer: bytes | None = b"theirs") -> None:
        """A call comes, and everybody does what they can."""
        self.arrivals.hear(
            IncomingInvite("call-1", "<sip:bob@example.com>", "<sip:us@example.com>", "Bob", (), offer, "")
        )
        await self.settle()

    async def settle(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)


@pytest.fixture
async def line() -> Line:
    return Line()


@pytest.mark.parametrize(("offer", "answer"), [(b"theirs", b"answer to theirs"), (None, b"our offer")])
async def test_a_call_rings_once_its_answer_stands(line: Line, offer: bytes | None, answer: bytes) -> None:
    await line.come(offer)
    assert line.rang == []
    line.session.may.set()
    await line.settle()
    assert (line.rang, line.refused, line.session.closed) == ([("call-1", answer)], [], False)
    line.arrivals.refuse_all()
    assert line.refused == []


async def test_without_a_port_it_is_refused_for_now(line: Line) -> None:
    line.full = True
    await line.come()
    assert (line.rang, line.refused) == ([], [("call-1", 480)])


async def test_what_can_not_be_answered_never_rings(line: Line) -> None:
    line.session.failure = SipError("no common codec")
    line.session.may.set()
    await line.come()
    assert (line.rang, line.refused, line.session.closed) == ([], [("call-1", 488)], True)


async def test_who_hangs_up_meanwhile_is_not_heard(line: Line) -> None:
    await line.come()
    line.arrivals.forget("call-1")
    line.session.may.set()
    await line.settle()
    assert (line.rang, line.refused, line.session.closed) == ([], [], True)


async def test_nobody_here_any_more_refuses_what_comes(line: Line) -> None:
    await line.come()
    line.arrivals.refuse_all()
    line.session.failure = SipError("too late")
    line.session.may.set()
    await line.settle()
    assert (line.rang, line.refused, line.session.closed) == ([], [("call-1", 480)], True)


async def test_an_end_in_the_middle_gives_the_ports_back(line: Line) -> None:
    await line.come()
    line.arrivals.forget_all()
    await line.tasks.close()
    assert (line.rang, line.refused, line.session.closed) == ([], [], True)


def invite(from_: str, *asserted: str) -> IncomingInvite:
    headers = tuple(("P-Asserted-Identity", value) for value in asserted)
    return IncomingInvite("call-1", from_, "<sip:us@example.com>", "Bob", headers, None, "")


@pytest.mark.parametrize("nothing", ["", ",", " , ", "<", "\udcff", '"'])
def test_an_identity_that_says_nothing_leaves_the_call_to_from(nothing: str) -> None:
    assert str(caller_of(invite("<sip:bob@example.com>", nothing)).uri) == "sip:bob@example.com"
    asserted = caller_of(
        invite("<sip:bob@example.com>", nothing, '"Carol" <sip:carol@example.com>, <tel:+1>')
    )
    assert (asserted.display_name, str(asserted.uri)) == ("Carol", "sip:carol@example.com")


def test_a_from_that_can_not_be_read_is_somebody_of_that_name() -> None:
    caller = caller_of(invite("<"))
    assert (caller.display_name, caller.uri) == ("Bob", None)
