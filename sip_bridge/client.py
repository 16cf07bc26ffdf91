"""The SIP user agent as the rest of the program sees it: registration, calls and their sound.

Events come exactly once and in order, on the loop; nothing a peer does raises out of here. Commands raise
the errors of client_types.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from sip_bridge import client_events as told
from sip_bridge import refusals
from sip_bridge.calls import Calls
from sip_bridge.client_types import (
    AccountConfig,
    ClientSettings,
    NotRegistered,
    RegistrationError,
)
from sip_bridge.core import events
from sip_bridge.core.agent import Agent
from sip_bridge.core.config import AgentConfig, RegistrationConfig
from sip_bridge.core.effects import Address, Flow, Hop
from sip_bridge.core.uri import escape_user, format_host
from sip_bridge.io.driver import Driver
from sip_bridge.io.locate import AUTO
from sip_bridge.io.names import Resolver
from sip_bridge.io.tls import BadAuthorityFile

if TYPE_CHECKING:
    from sip_bridge.rtp.session import AudioSession

log = logging.getLogger(__name__)


class SipClient:
    """One line at one server. `resolver` None asks the system's name servers.

    `settings` may be a function that is asked anew for every call and every start.
    """

    def __init__(
        self,
        settings: ClientSettings | Callable[[], ClientSettings] | None = None,
        *,
        resolver: Resolver | None = None,
        random: Callable[[int], bytes] = os.urandom,
        route: Callable[[str, int], str | None] | None = None,
    ) -> None:
        self._settings = settings or ClientSettings()
        self._resolver = resolver
        self._random = random
        self._route = route
        self._callbacks: list[Callable[[told.ClientEvent], None]] = []
        self._account: AccountConfig | None = None
        self._driver: Driver | None = None
        self._agent: Agent | None = None
        self._calls: Calls | None = None
        self._flow: Flow | None = None
        self._registered = False
        self._public: Address | None = None
        self._starting: asyncio.Future[told.Registered | RegistrationError] | None = None
        self._asking: set[asyncio.Future[RegistrationError | None]] = set()
        self._unregistered = asyncio.Event()

    @property
    def settings(self) -> ClientSettings:
        """The settings of this moment."""
        return self._settings() if callable(self._settings) else self._settings

    @property
    def account(self) -> AccountConfig | None:
        """The account started last, whatever became of it."""
        return self._account

    @property
    def flow(self) -> Flow | None:
        """The way to the server of the last registration that stood; None before one."""
        return self._flow

    @property
    def public_address(self) -> Address | None:
        """Our address as the server saw it at the last registration, None where it did not say."""
        return self._public

    def listen(self, callback: Callable[[told.ClientEvent], None]) -> None:
        """Call `callback` for every event."""
        self._callbacks.append(callback)

    def tell(self, event: told.ClientEvent) -> None:
        """One event to all listeners; one that fails is logged and keeps no other from hearing."""
        for callback in tuple(self._callbacks):
            try:
                callback(event)
            except Exception:
                log.exception("a listener failed on %s", type(event).__name__)

    # --- registration ----------------------------------------------------------------------------

    async def start(self, account: AccountConfig) -> told.Registered:
        """Register, and stay registered until `stop`. Raises RegistrationError and has given up then."""
        await self.stop()
        self._account = account
        agent = Agent(self._agent_config(account), self._random)
        try:
            self._driver = Driver(
                agent,
                self._take_events,
                resolver=self._resolver,
                ca_file=account.ca_file,
                route=self._route,
                watch_s=self.settings.address_watch_s,
            )
        except BadAuthorityFile as failure:
            log.warning("CA file can't be used: %s", failure)
            raise RegistrationError(refusals.CERTIFICATE) from failure
        self._agent = agent
        self._calls = Calls(agent, self._driver, lambda: self.settings, account.host, self.tell)
        try:
            return await self._first_answer(agent, self._driver, account)
        except BaseException:
            self._take_back(agent)
            await self._shut_down()
            raise

    def _take_back(self, agent: Agent) -> None:
        """The server may yet accept what is on its way: nobody would be behind that registration."""
        if self._driver is not None:
            agent.unregister(self._driver.now)
            self._driver.pump()

    async def _first_answer(self, agent: Agent, driver: Driver, account: AccountConfig) -> told.Registered:
        self._starting = asyncio.get_running_loop().create_future()
        agent.register(self._registration(account), driver.now)
        driver.pump()
        try:
            async with asyncio.timeout(self.settings.sign_in_timeout_s):
                answer = await self._starting
        except TimeoutError:
            raise RegistrationError(refusals.SERVER_SILENT) from None
        finally:
            self._starting = None
        if isinstance(answer, RegistrationError):
            raise answer
        return answer

    def _agent_config(self, account: AccountConfig) -> AgentConfig:
        return AgentConfig(
            user_agent=self.settings.user_agent,
            aor=self._aor(account),
            display_name=account.display_name,
            session_expires=self.settings.session_expires_s,
        )

    @staticmethod
    def _aor(account: AccountConfig) -> str:
        user, _, domain = account.number.partition("@")
        return f"sip:{escape_user(user)}@{domain or format_host(account.host)}"

    def _registration(self, account: AccountConfig) -> RegistrationConfig:
        transport = AUTO if account.transport == AUTO else account.transport
        return RegistrationConfig(
            aor=self._aor(account),
            registrar=Hop(account.host, account.port, "tls" if account.tls_required else transport),
            username=account.auth_user or account.number.partition("@")[0],
            password=account.secret,
            display_name=account.display_name,
            instance=account.instance_id,
            expires=self.settings.expires_s,
            keepalive_s=self.settings.keepalive_s,
        )

    async def confirm(self, patience_s: float) -> None:
        """Register again now: only the server's answer shows that it still knows us.

        Raises NotRegistered where nothing was ever started, RegistrationError with the server's refusal or,
        after `patience_s` of silence, server-silent.
        """
        if self._agent is None or self._driver is None or self._starting is not None:
            raise NotRegistered("not started")
        answer: asyncio.Future[RegistrationError | None] = asyncio.get_running_loop().create_future()
        self._asking.add(answer)
        try:
            self._agent.renew_registration(self._driver.now)
            self._driver.pump()
            async with asyncio.timeout(patience_s):
                refused = await answer
        except TimeoutError:
            self.network_changed()
            raise RegistrationError(refusals.SERVER_SILENT) from None
        finally:
            self._asking.discard(answer)
        if refused is not None:
            raise refused

    async def stop(self) -> None:
        """End all calls, unregister, close everything; never raises for a dead server."""
        if self._agent is None or self._driver is None or self._calls is None:
            return
        self._calls.end_all()
        self._unregistered.clear()
        if self._registered:
            self._agent.unregister(self._driver.now)
        else:
            self._unregistered.set()
        self._driver.pump()
        try:
            async with asyncio.timeout(self.settings.sign_out_timeout_s):
                await self._unregistered.wait()
                await self._calls.all_ended()
        except TimeoutError:
            log.info("the server did not take leave of us")
        await self._shut_down()

    async def _shut_down(self) -> None:
        calls, driver = self._calls, self._driver
        self._agent = self._driver = self._calls = self._flow = self._public = None
        self._registered = False
        if calls is not None:
            await calls.close()
        if driver is not None:
            await driver.close()

    def network_changed(self) -> None:
        """The system says that addresses or routes changed, or the machine woke up."""
        if self._driver is not None:
            self._driver.network_changed()

    # --- the agent's events ------------------------------------------------------------------------

    def _take_events(self) -> bool:
        if self._agent is None:
            return False
        taken = self._agent.take_events()
        for event in taken:
            self._on(event)
        return bool(taken)

    def _on(self, event: events.AgentEvent) -> None:
        match event:
            case events.RegistrationSucceeded(flow=flow, public_address=public):
                self._succeeded(flow, public)
                self._answer(None)
            case events.RegistrationFailed():
                self._failed(event)
            case events.Unregistered():
                self._unregistered.set()
            case events.NotifyReceived(event="message-summary", body=body):
                self.tell(told.MessagesWaiting(body.decode("utf-8", "replace")))
            case events.NotifyReceived():
                log.debug("%s is not used", type(event).__name__)
            case _ if self._calls is not None:
                self._calls.hear(event)

    def _answer(self, refused: RegistrationError | None) -> None:
        """Who asks whether the server still knows us hears so."""
        for answer in self._asking:
            if not answer.done():
                answer.set_result(refused)

    def _succeeded(self, flow: Flow, public: Address | None) -> None:
        self._public = public
        again = not self._registered or self._flow is None or self._flow.transport != flow.transport
        self._registered = True
        self._flow = flow
        if self._calls is not None:
            self._calls.flow = flow
        registered = told.Registered(flow.transport, self._account.host if self._account else flow.peer_name)
        if self._starting is not None and not self._starting.done():
            self._starting.set_result(registered)
        if again:
            self.tell(registered)

    def _failed(self, event: events.RegistrationFailed) -> None:
        refusal = refusals.refusal(event.status, event.reason_key)
        log.info("not registered: %s (%s, status %d)", refusal, event.reason_key, event.status)
        self._registered = False
        self._answer(RegistrationError(refusal, event.status))
        if self._starting is not None:
            if not self._starting.done():
                self._starting.set_result(RegistrationError(refusal, event.status))
        elif event.retry_in is None:
            self.tell(told.RegistrationRefused(refusal, event.status))
        else:
            self.tell(told.RegistrationLost(refusal, event.status))

    # --- calls -----------------------------------------------------------------------------------

    @property
    def calls(self) -> Calls:
        """Commands on calls. Raises NotRegistered when nothing runs."""
        if self._calls is None:
            raise NotRegistered("not started")
        return self._calls

    async def dial(self, target: str, *, emergency: bool = False) -> str:
        """Call a number or SIP URI; returns the call's id. An emergency call goes out although the
        registration is lost. Raises BadTarget, NotRegistered, CommandRefused."""
        if not self._registered and not emergency:
            raise NotRegistered("the line is not registered")
        return await self.calls.dial(target, emergency=emergency)

    def audio(self, call_id: str) -> AudioSession | None:
        """The call's media session, None where there is no such call."""
        return self._calls.audio(call_id) if self._calls is not None else None
