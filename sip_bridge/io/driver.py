"""Runs a sans-IO core: hands it bytes and time, does what it asks, wakes it when its timers are due."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from sip_bridge.core.effects import Admitted, CloseFlow, Flow, OpenFlow, Transmit
from sip_bridge.io.addresses import has_network
from sip_bridge.io.flows import FlowRefused, Flows
from sip_bridge.io.locate import Locator
from sip_bridge.io.names import DnsResolver, Resolver
from sip_bridge.tasks import Tasks

log = logging.getLogger(__name__)

WATCH_S = 5.0
"""How often local addresses are looked at where the system gives no notice (microseconds of work)."""

SLEPT_S = 15.0
"""The loop's clock stands still while the machine sleeps, the wall's does not; smaller jumps are settings."""


class Core(Protocol):
    """What a driver drives; sip_bridge.core.agent.Agent is one. All times are the loop's, in seconds."""

    def admits(self, data: bytes, flow: Flow, now: float) -> Admitted:
        """Asked before a datagram that came over no open flow; `flow` is the one it would get."""
        ...

    def receive(self, data: bytes, flow: Flow, now: float) -> None:
        """A message or keep-alive came."""
        ...

    def flow_opened(self, request: int, flow: Flow, now: float) -> None:
        """Answer to OpenFlow."""
        ...

    def flow_refused(self, request: int, reason: str, now: float) -> None:
        """Answer to OpenFlow."""
        ...

    def flow_closed(self, flow_id: int, reason: str, now: float) -> None:
        """A flow broke."""
        ...

    def tick(self, now: float) -> None:
        """Run what is due."""
        ...

    def next_timer(self) -> float | None:
        """When `tick` is due."""
        ...

    def take_effects(self) -> Sequence[OpenFlow | Transmit | CloseFlow]:
        """What to do."""
        ...

    def refresh_registration(self, now: float) -> None:
        """The network may have changed: look at the flow."""
        ...

    def local_address_changed(self, now: float) -> None:
        """The local address has changed: leave the old flow."""
        ...


class Driver:
    """One core on the running loop. `progress` is called after every input, to take the core's events; it
    returns whether there were any. Call `pump` after every command given to the core."""

    def __init__(
        self,
        core: Core,
        progress: Callable[[], bool],
        *,
        resolver: Resolver | None = None,
        ca_file: str = "",
        chance: Callable[[], float] = random.random,
        route: Callable[[str, int], str | None] | None = None,
        watch_s: float = WATCH_S,
        wall: Callable[[], float] = time.time,
        online: Callable[[], bool] = has_network,
    ) -> None:
        """Raises tls.BadAuthorityFile. Must be made on the loop it will run on."""
        self._loop = asyncio.get_running_loop()
        self._core = core
        self._progress = progress
        locator = Locator(resolver or DnsResolver(self._loop.time), chance)
        self._locator = locator
        options = {} if route is None else {"route": route}
        self.flows = Flows(locator, self._received, self._closed, self._admits, **options)
        self.flows.use_authorities(ca_file)
        self._opening = Tasks()
        self._timer: asyncio.TimerHandle | None = None
        self._watch_s = watch_s
        self._watcher: asyncio.TimerHandle | None = self._loop.call_later(watch_s, self._watch)
        self._noticed: set[int] = set()
        self._wall = wall
        self._online = online
        self._was_online = online()
        self._ahead = wall() - self._loop.time()
        self._pumping = False
        self._stopped = False

    @property
    def now(self) -> float:
        """The core's clock."""
        return self._loop.time()

    # --- the core's effects and timers ------------------------------------------------------------

    def pump(self) -> None:
        """Do what the core asks until it asks nothing more, then wait for its next timer."""
        if self._pumping or self._stopped:
            return
        self._pumping = True
        try:
            while self._round():
                pass
        finally:
            self._pumping = False
        self._arm()

    def _round(self) -> bool:
        effects = self._core.take_effects()
        for effect in effects:
            self._do(effect)
        return self._progress() or bool(effects)

    def _do(self, effect: OpenFlow | Transmit | CloseFlow) -> None:
        if isinstance(effect, Transmit):
            self.flows.transmit(effect.flow_id, effect.data, effect.to)
        elif isinstance(effect, CloseFlow):
            self._noticed.discard(effect.flow_id)
            self.flows.close(effect.flow_id)
        else:
            self._opening.spawn(self._open(effect), f"open flow {effect.request}")

    async def _open(self, wanted: OpenFlow) -> None:
        try:
            flow = await self.flows.open(wanted.hop)
        except FlowRefused as refused:
            log.info("no flow to %s: %s", wanted.hop.host, refused.reason)
            self._core.flow_refused(wanted.request, refused.reason, self.now)
        else:
            self._core.flow_opened(wanted.request, flow, self.now)
        self.pump()

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due = self._core.next_timer()
        if due is not None and not self._stopped:
            self._timer = self._loop.call_at(due, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self._core.tick(self.now)
        self.pump()

    def _received(self, data: bytes, flow: Flow) -> None:
        try:
            self._core.receive(data, flow, self.now)
            self.pump()
        except Exception:
            # A fault of our own in one message must not cost the connection, or asyncio would close it.
            log.exception("a message over %s was not handled", flow.transport)

    def _admits(self, data: bytes, flow: Flow) -> Admitted:
        return self._core.admits(data, flow, self.now)

    def _closed(self, flow: Flow, reason: str) -> None:
        self._noticed.discard(flow.id)
        self._core.flow_closed(flow.id, reason, self.now)
        self.pump()

    # --- the network -----------------------------------------------------------------------------

    def network_changed(self) -> None:
        """The system says that addresses or routes changed, or the machine woke: look now."""
        if self._stopped:
            return
        self._locator.forget()
        if not self._leave_old_address():
            self._core.refresh_registration(self.now)
            self.pump()

    def _watch(self) -> None:
        self._watcher = self._loop.call_later(self._watch_s, self._watch)
        ahead, self._ahead = self._ahead, self._wall() - self._loop.time()
        offline, self._was_online = not self._was_online, self._online()
        if self._ahead - ahead > SLEPT_S:
            # Timers are late by the time slept: bindings have run out, translators have forgotten us.
            log.info("the machine slept for %d s", self._ahead - ahead)
            self._leave()
        elif offline and self._was_online:
            log.info("the network is back")
            self.network_changed()
        else:
            self._leave_old_address()

    def _leave_old_address(self) -> bool:
        moved = {flow.id for flow in self.flows.moved()} - self._noticed
        if not moved:
            return False
        self._noticed |= moved
        log.info("the local address has changed")
        self._leave()
        return True

    def _leave(self) -> None:
        self._locator.forget()
        self._core.local_address_changed(self.now)
        self.pump()

    # --- the end ---------------------------------------------------------------------------------

    async def close(self) -> None:
        """Close all flows; the core hears nothing more."""
        self._stopped = True
        for handle in (self._timer, self._watcher):
            if handle is not None:
                handle.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._opening.close()
        await self.flows.stop()
        await asyncio.sleep(0)
