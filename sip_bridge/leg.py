"""One call: what the agent says of it, joined with its sound.

The agent's events are handled one after another by a task of the call's own, because answering an offer takes
the media session a moment; commands run beside it and wait for their outcome.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from sip_bridge import client_events as told
from sip_bridge.client_types import CommandRefused, Encryption
from sip_bridge.core import events, reasons
from sip_bridge.core.agent import Agent
from sip_bridge.core.errors import SipError
from sip_bridge.core.media_security import EncryptionRequired, EncryptionUnavailable
from sip_bridge.tasks import Tasks

if TYPE_CHECKING:
    from sip_bridge.rtp.session import AudioSession

log = logging.getLogger(__name__)

REOFFER_TIMEOUT_S = 40.0
RESTART_PAUSES_S = (0.0, 2.0, 4.0, 8.0, 16.0)
"""Between tries to find a new way for the sound; the last one again and again."""

NOT_ACCEPTABLE = 488

MediaEvent = (
    events.Provisional
    | events.AnswerReceived
    | events.Established
    | events.OfferReceived
    | events.OfferWanted
    | events.ReofferFailed
)


class Line(Protocol):
    """What a call needs from the client it belongs to."""

    @property
    def agent(self) -> Agent:
        """The user agent."""
        ...

    @property
    def server(self) -> str:
        """The server's name as typed."""
        ...

    def now(self) -> float:
        """The agent's clock."""
        ...

    def pump(self) -> None:
        """Let the agent's wishes be done."""
        ...

    def tell(self, event: told.ClientEvent) -> None:
        """Tell the listener."""
        ...

    @property
    def tasks(self) -> Tasks:
        """Where background work of calls runs."""
        ...


class Leg:
    """One call leg. `hidden` while it is a transfer's attempt that nobody has seen yet, `successor` when it
    goes on where another call was. `established` is called once when the call stands."""

    def __init__(
        self,
        line: Line,
        call_id: str,
        session: AudioSession,
        uri: str,
        *,
        incoming: bool,
        established: Callable[[], None] = lambda: None,
    ) -> None:
        self.id = call_id
        self.session = session
        self.uri = uri
        self.name = ""
        self.incoming = incoming
        self.answer: bytes | None = None
        self.established = False
        self.ended = False
        self.held = False
        self.hidden = False
        self.end_reason = ""
        self.transferring = False
        self._line = line
        self._inbox: asyncio.Queue[MediaEvent] = asyncio.Queue()
        self._outcome: asyncio.Future[str] | None = None
        self._reoffering = asyncio.Lock()
        self._early_sdp = b""
        self._early_offer = False
        self._shown: tuple[object, ...] = ()
        self.successor = False
        self._stood = established
        self._lost_before = False
        self._restarting = False
        session.on_dtmf = self._dtmf
        session.on_protection = self.show
        session.on_failure = self._sound_failed

    # --- facts -----------------------------------------------------------------------------------

    @property
    def remote_held(self) -> bool:
        """Whether the far end holds us."""
        return self.session.negotiated is not None and self.session.negotiated.remote_hold

    @property
    def codec(self) -> str:
        """The codec's SDP name, "" before negotiation."""
        return self.session.codec.name if self.session.codec is not None else ""

    @property
    def encryption(self) -> Encryption:
        """What protects the sound at this moment."""
        method, trusted = self.session.encryption
        return Encryption(method, trusted, self._line.server if trusted else "")

    # --- the agent's events ------------------------------------------------------------------------

    def hear(self, event: MediaEvent) -> None:
        """Take one event of the agent about this call."""
        self._inbox.put_nowait(event)

    async def run(self) -> None:
        """Handle events until cancelled."""
        while True:
            event = await self._inbox.get()
            try:
                await self._attempt(event)
            except Exception:
                log.exception("call %s: %s was not handled", self.id, type(event).__name__)
                self.end(reasons.FAILED)
            self._line.pump()

    async def _attempt(self, event: MediaEvent) -> None:
        try:
            await self._handle(event)
        except (EncryptionRequired, EncryptionUnavailable) as failure:
            self._fail(event, reasons.ENCRYPTION_REQUIRED, failure)
        except SipError as failure:
            self._fail(event, reasons.NO_COMMON_CODEC, failure)

    async def _handle(self, event: MediaEvent) -> None:
        match event:
            case events.Provisional():
                await self._provisional(event)
            case events.AnswerReceived():
                await self._answered(event)
            case events.Established():
                self._established()
            case events.OfferReceived():
                await self._offered(event)
            case events.OfferWanted():
                offer = await self.session.create_offer(self._direction(self.held))
                self._line.agent.provide_offer(self.id, offer, self._line.now())
            case events.ReofferFailed():
                await self.session.abandon_offer()
                self._resolve(f"{event.reason_key} {event.status}")

    def _fail(self, event: MediaEvent, reason: str, failure: SipError) -> None:
        """A description we can't use: an offer is refused and the call stays; an answer ends it."""
        log.info("call %s: %s: %s", self.id, type(event).__name__, failure)
        if isinstance(event, events.OfferReceived | events.OfferWanted):
            self._line.agent.refuse_offer(self.id, NOT_ACCEPTABLE, self._line.now())
        elif isinstance(event, events.Provisional):
            log.info("call %s: early media left out", self.id)
        else:
            self._resolve(reason)
            self.end(reason)

    async def _provisional(self, event: events.Provisional) -> None:
        if event.sdp is not None and event.sdp != self._early_sdp:
            await self.session.accept_answer(event.sdp)
            self._early_sdp = event.sdp
            self.session.start()
            self._media_ready(early=True)
        self.tell(told.Progress(self.id, event.status))

    async def _answered(self, event: events.AnswerReceived) -> None:
        if self.established or event.sdp != self._early_sdp:
            await self.session.accept_answer(event.sdp)
        self.session.start()
        self._media_ready(early=False)
        self.show()
        self._resolve("")

    def _established(self) -> None:
        if self.established:
            return
        self.established = True
        self.session.start()
        if self.session.negotiated is not None and (self.incoming or self._early_offer):
            self._media_ready(early=False)
        self.tell(told.Established(self.id, self.codec, self.encryption))
        self._shown = () if self.successor else self._state()
        self._stood()
        self.show()

    async def _offered(self, event: events.OfferReceived) -> None:
        answer = await self.session.create_answer(event.sdp)
        self._line.agent.answer_offer(self.id, answer, self._line.now())
        self.session.start()
        self._early_offer = not self.established
        self._media_ready(early=self._early_offer)
        self.show()

    def _dtmf(self, digit: str) -> None:
        self.tell(told.DtmfReceived(self.id, digit))

    # --- telling -----------------------------------------------------------------------------------

    def tell(self, event: told.ClientEvent) -> None:
        """Tell the listener, unless nobody may know of this call yet."""
        if not self.ended and (not self.hidden or isinstance(event, told.MediaReady)):
            self._line.tell(event)

    def show(self, *, again: bool = False) -> None:
        """Tell what flows now, if it differs from what was told, or `again` anyway."""
        if self.established and (again or self._state() != self._shown):
            self._shown = self._state()
            self.tell(told.MediaChanged(self.id, self.codec, self.encryption, self.held, self.remote_held))

    def _state(self) -> tuple[object, ...]:
        return (self.codec, self.encryption, self.held, self.remote_held)

    def _media_ready(self, *, early: bool) -> None:
        self.tell(told.MediaReady(self.id, early))

    # --- when no sound can pass ----------------------------------------------------------------------

    def _sound_failed(self, why: str) -> None:
        """A way that was lost is looked for anew and the call lives; one that never was ends it."""
        log.info("call %s: no sound can pass: %s", self.id, why)
        if why == "dtls":
            self.end(reasons.ENCRYPTION_REQUIRED)
        elif why == "consent" or self._lost_before:
            self._lost_before = True
            if not self._restarting:
                self._restarting = True
                self._line.tasks.spawn(self._restart_sound(), f"new way {self.id}")
        else:
            self.end(reasons.NETWORK_LOST)
        self._line.pump()

    async def _restart_sound(self) -> None:
        """Offer fresh candidates until the far end agrees (ICE restart, RFC 8839 section 4.4.1.1)."""
        for pause in itertools.chain(RESTART_PAUSES_S, itertools.repeat(RESTART_PAUSES_S[-1])):
            await asyncio.sleep(pause)
            if self.ended:
                return
            try:
                await self.move(self.session.local_ip)
            except (CommandRefused, SipError) as refused:
                log.info("call %s: no new way yet: %s", self.id, refused)
            else:
                self._restarting = False
                return

    # --- commands ------------------------------------------------------------------------------------

    def end(self, reason: str = "") -> None:
        """CANCEL, BYE or a refusal, as it fits. `reason` is what will be told, "" leaves it to the agent."""
        self.end_reason = self.end_reason or reason
        self._line.agent.cancel_or_bye(self.id, self._line.now())

    @staticmethod
    def _direction(held: bool) -> str:
        return "sendonly" if held else "sendrecv"

    async def hold(self, held: bool) -> None:
        """Hold or resume; returns when the far end agreed. Raises CommandRefused."""
        async with self._reoffering:
            if self.held == held:
                return
            before, self.held = self.held, held
            try:
                await self._reoffer(await self.session.reoffer(self._direction(held)))
            except (CommandRefused, SipError, asyncio.CancelledError):
                self.held = before
                self.session.hold_locally(before)
                raise
        self.show()

    async def move(self, local_ip: str) -> None:
        """Carry the sound over another local address. Raises CommandRefused."""
        async with self._reoffering:
            await self._reoffer(await self.session.move(local_ip))

    async def _reoffer(self, offer: bytes) -> None:
        if not self.established or self.ended:
            await self.session.abandon_offer()
            raise CommandRefused("the call does not stand")
        self._outcome = asyncio.get_running_loop().create_future()
        self._line.agent.reoffer(self.id, offer, self._line.now())
        self._line.pump()
        try:
            async with asyncio.timeout(REOFFER_TIMEOUT_S):
                failure = await self._outcome
        except TimeoutError:
            failure = "no answer"
        finally:
            self._outcome = None
        if failure:
            raise CommandRefused(failure)

    def _resolve(self, failure: str) -> None:
        if self._outcome is not None and not self._outcome.done():
            self._outcome.set_result(failure)

    async def close(self) -> None:
        """The call is over: whoever waits hears so, the ports are given back."""
        self.ended = True
        self._resolve("the call has ended")
        await self.session.close()
