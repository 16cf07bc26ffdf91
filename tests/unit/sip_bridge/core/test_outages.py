"""A server that goes away and comes back, at any moment and for any time: registered again soon after."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sip_bridge.core.agent import Agent
from sip_bridge.core.config import AgentConfig
from sip_bridge.core.effects import (
    REFUSED_CONNECTION,
    REFUSED_EXHAUSTED,
    CloseFlow,
    Flow,
    OpenFlow,
    Transmit,
)
from sip_bridge.core.events import RegistrationSucceeded
from sip_bridge.core.message import Request, parse_message
from tests.doubles.sip_rig import ACCOUNT, CHALLENGE, LOCAL, SERVER

KEPT = replace(ACCOUNT, keepalive_s=2.0)
_QUICK = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


class World:
    """One agent and one registrar whose power can be cut; a registrar forgets its bindings then."""

    def __init__(self, transport: str, seed: int, *, tells_refusal: bool = True) -> None:
        self.now = 0.0
        self.transport = transport
        self.tells_refusal = tells_refusal
        self.up = True
        self.agent = Agent(AgentConfig(), random.Random(seed).randbytes)
        self.flow: Flow | None = None
        self.serial = 0
        self.bound = False
        self.registers = 0

    def run(self, seconds: float) -> None:
        end = self.now + seconds
        self.settle()
        while (due := self.agent.next_timer()) is not None and due <= end:
            self.now = max(self.now, due)
            self.agent.tick(self.now)
            self.settle()
        self.now = end

    def cut(self) -> None:
        self.up = self.bound = False
        if self.flow is not None and self.flow.reliable:
            flow, self.flow = self.flow, None
            self.agent.flow_closed(flow.id, "reset", self.now)
        self.settle()

    def settle(self) -> None:
        while effects := self.agent.take_effects():
            for effect in effects:
                match effect:
                    case OpenFlow():
                        self._open(effect)
                    case Transmit():
                        self._transmit(effect)
                    case CloseFlow():
                        self.flow = None

    def _open(self, wanted: OpenFlow) -> None:
        if wanted.hop.attempt > 0:
            self.agent.flow_refused(wanted.request, REFUSED_EXHAUSTED, self.now)
        elif self.transport != "udp" and not self.up:
            self.agent.flow_refused(wanted.request, REFUSED_CONNECTION, self.now)
        else:
            if self.flow is None:
                self.serial += 1
                self.flow = Flow(self.serial, self.transport, LOCAL, SERVER, "example.com")
            self.agent.flow_opened(wanted.request, self.flow, self.now)

    def _transmit(self, effect: Transmit) -> None:
        flow = self.flow
        if flow is None or effect.flow_id != flow.id:
            return
        if not self.up:
            if self.tells_refusal and not flow.reliable:
                self.agent.flow_closed(flow.id, "port unreachable", self.now)
            return
        if effect.data == b"\r\n\r\n":
            self.agent.receive(b"\r\n", flow, self.now)
            return
        request = parse_message(effect.data)
        assert isinstance(request, Request)
        self._answer(request, flow)

    def _answer(self, request: Request, flow: Flow) -> None:
        if request.method == "REGISTER" and "Authorization" not in request.headers:
            response = request.reply(401)
            response.headers.add("WWW-Authenticate", CHALLENGE)
        else:
            response = request.reply(200, to_tag="r")
            response.headers.add("Expires", "600")
            if request.method == "REGISTER":
                self.bound = True
                self.registers += 1
        self.agent.receive(bytes(response), flow, self.now)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("tells_refusal", [True, False])
@_QUICK
@given(start=st.floats(0.1, 30), length=st.floats(8, 45), seed=st.integers(0, 1000))
def test_registered_again_within_five_seconds_of_the_servers_return(
    transport: str, tells_refusal: bool, start: float, length: float, seed: int
) -> None:
    world = World(transport, seed, tells_refusal=tells_refusal)
    world.agent.register(KEPT, world.now)
    world.run(start)
    assert world.registers == 1
    world.cut()
    world.run(length)
    assert world.registers == 1
    world.up = True
    world.run(5)
    assert world.bound
    world.run(100)
    assert world.registers == 2
    assert [type(event) for event in world.agent.take_events()][-1] is RegistrationSucceeded


def test_a_quiet_day_brings_one_register_per_refresh() -> None:
    world = World("tcp", 1)
    world.agent.register(replace(KEPT, keepalive_s=25.0), world.now)
    world.run(24 * 3600)
    assert world.registers == 1 + 24 * 3600 // 480
