"""The SIP client as the core's telephony: events translated, each call's voice joined to the ear."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from media.errors import CodecUnavailable
from sip_bridge import client_events as told
from sip_bridge import client_types as sip
from sip_bridge.client import SipClient
from sip_bridge.io.names import Resolver
from softphone import __version__
from softphone.adapters.call_voice import CallVoice, Ear, usable_codecs
from softphone.adapters.telephony_events import translated
from softphone.domain.errors import (
    BadTarget,
    CommandRefused,
    NotSignedIn,
    SignInRefused,
    UnknownCall,
)
from softphone.domain.quality import CallQuality
from softphone.ports import CallProgress, Registered, SipAccount, TelephonyEvent

log = logging.getLogger(__name__)

EARLY_MEDIA = 183


class Preferences(Protocol):
    """The settings telephony reads: `call.encryption`, `call.sdes_without_tls`, `sip.keepalive_s`."""

    def text(self, key: str) -> str:
        """A text setting."""
        ...

    def flag(self, key: str) -> bool:
        """A yes-or-no setting."""
        ...

    def number(self, key: str) -> int:
        """A number setting."""
        ...


@contextmanager
def _as_domain() -> Iterator[None]:
    """The SIP client's errors as the core's."""
    try:
        yield
    except sip.UnknownCall as error:
        raise UnknownCall(str(error)) from error
    except sip.BadTarget as error:
        raise BadTarget(str(error)) from error
    except sip.NotRegistered as error:
        raise NotSignedIn(str(error)) from error
    except sip.ClientError as error:
        raise CommandRefused(str(error), code=error.code) from error


class SipTelephony:
    """Implements ports.Telephony."""

    def __init__(self, ear: Ear, preferences: Preferences, *, resolver: Resolver | None = None) -> None:
        self._ear = ear
        self._preferences = preferences
        self._callbacks: list[Callable[[TelephonyEvent], None]] = []
        self._client = SipClient(self._settings, resolver=resolver)
        self._client.listen(self._heard)
        self._voices: dict[str, CallVoice] = {}
        self._early: set[str] = set()
        self._unseen: dict[str, Callable[[told.ClientEvent], None]] = {}

    @property
    def client(self) -> SipClient:
        """The user agent beneath, for looking at the line itself."""
        return self._client

    def listen(self, callback: Callable[[TelephonyEvent], None]) -> None:
        """See ports.Telephony."""
        self._callbacks.append(callback)

    def _tell(self, event: TelephonyEvent) -> None:
        for callback in tuple(self._callbacks):
            callback(event)

    # --- the line --------------------------------------------------------------------------------

    async def sign_in(self, account: SipAccount) -> Registered:
        """See ports.Telephony."""
        try:
            registered = await self._client.start(
                sip.AccountConfig(
                    host=account.host,
                    number=account.number,
                    secret=account.secret,
                    port=account.port,
                    transport=account.transport,
                    auth_user=account.auth_user,
                    display_name=account.display_name,
                    ca_file=account.ca_file,
                    tls_required=account.tls_required,
                    instance_id=account.instance_id,
                )
            )
        except sip.RegistrationError as error:
            raise SignInRefused(error.code, account.host, error.status) from error
        return Registered(registered.transport, registered.server)

    async def sign_out(self) -> None:
        """See ports.Telephony."""
        await self._client.stop()

    async def close(self) -> None:
        """Sign out because the program ends."""
        await self.sign_out()

    def network_changed(self) -> None:
        """See ports.Telephony."""
        self._client.network_changed()

    def _settings(self) -> sip.ClientSettings:
        return sip.ClientSettings(
            user_agent=f"Softphone/{__version__}",
            codecs=usable_codecs(),
            encryption=self._preferences.text("call.encryption"),
            sdes_without_tls=self._preferences.flag("call.sdes_without_tls"),
            keepalive_s=float(self._preferences.number("sip.keepalive_s")),
        )

    # --- calls -----------------------------------------------------------------------------------

    async def dial(self, target: str, *, emergency: bool = False) -> str:
        """See ports.Telephony."""
        with _as_domain():
            return await self._client.dial(target, emergency=emergency)

    async def dial_unseen(self, target: str, heard: Callable[[told.ClientEvent], None]) -> str:
        """Call a number for a test: nobody but `heard` is told of it, and it is joined to no ear.

        Raises BadTarget, NotSignedIn, CommandRefused.
        """
        with _as_domain():
            call_id = await self._client.dial(target)
        self._unseen[call_id] = heard
        return call_id

    async def ring(self, call_id: str) -> None:
        """See ports.Telephony."""
        with _as_domain():
            await self._client.calls.ring(call_id)

    async def answer(self, call_id: str) -> None:
        """See ports.Telephony."""
        with _as_domain():
            await self._client.calls.answer(call_id)

    async def reject(self, call_id: str, *, busy: bool = False) -> None:
        """See ports.Telephony."""
        with _as_domain():
            await self._client.calls.reject(call_id, busy=busy)

    async def hang_up(self, call_id: str) -> None:
        """See ports.Telephony."""
        with _as_domain():
            await self._client.calls.hang_up(call_id)

    async def hold(self, call_id: str) -> None:
        """See ports.Telephony. The microphone is silent from the press on, not only from the agreement."""
        with _as_domain():
            voice = self._voices.get(call_id)
            if voice is not None:
                voice.detach()
            try:
                await self._client.calls.hold(call_id)
            except sip.ClientError:
                if voice is not None and call_id in self._voices:
                    voice.attach()
                raise

    async def resume(self, call_id: str) -> None:
        """See ports.Telephony."""
        with _as_domain():
            await self._client.calls.resume(call_id)

    async def mute(self, call_id: str, muted: bool) -> None:
        """See ports.Telephony."""
        self._voice(call_id).stream.muted = muted

    async def set_volume(self, call_id: str, gain_db: float) -> None:
        """See ports.Telephony."""
        self._voice(call_id).stream.gain_db = gain_db

    async def send_dtmf(self, call_id: str, digits: str) -> None:
        """See ports.Telephony."""
        with _as_domain():
            await self._client.calls.send_dtmf(call_id, digits)

    async def transfer(self, call_id: str, target: str) -> None:
        """See ports.Telephony."""
        with _as_domain():
            await self._client.calls.transfer(call_id, target)

    async def transfer_to_call(self, call_id: str, other_call_id: str) -> None:
        """See ports.Telephony."""
        with _as_domain():
            await self._client.calls.transfer_to_call(call_id, other_call_id)

    def quality(self, call_id: str) -> CallQuality | None:
        """See ports.Telephony."""
        voice = self._voices.get(call_id)
        return voice.quality() if voice is not None else None

    def _voice(self, call_id: str) -> CallVoice:
        if call_id not in self._voices:
            raise UnknownCall(call_id)
        return self._voices[call_id]

    # --- the client's events -----------------------------------------------------------------------

    def _heard(self, event: told.ClientEvent) -> None:
        if self._of_unseen(event):
            return
        match event:
            case told.MediaReady(call_id=call_id, early=early):
                self._join(call_id, early=early)
            case told.MediaChanged(call_id=call_id, held=held):
                self._follow_hold(call_id, held=held)
            case told.Ended(call_id=call_id):
                self._part(call_id)
        if (spoken := translated(event)) is not None:
            self._tell(spoken)

    def _of_unseen(self, event: told.ClientEvent) -> bool:
        """Whether the event is about a test's call, which then hears it alone."""
        call_id: str = getattr(event, "call_id", "")
        if isinstance(event, told.CallReplaced) and event.old_call_id in self._unseen:
            self._unseen[call_id] = self._unseen[event.old_call_id]
        if (heard := self._unseen.get(call_id)) is None:
            return False
        if isinstance(event, told.Ended):
            del self._unseen[call_id]
        heard(event)
        return True

    def _join(self, call_id: str, *, early: bool) -> None:
        """Sound is agreed on: a voice for a new call, another codec for a known one."""
        session = self._client.audio(call_id)
        if session is None or session.codec is None:
            return
        (self._early.add if early else self._early.discard)(call_id)
        try:
            if call_id in self._voices:
                self._voices[call_id].renegotiated()
            else:
                self._voices[call_id] = CallVoice(self._ear, session, lambda: self._first_sound(call_id))
        except CodecUnavailable:
            log.exception("call %s has no usable codec", call_id)

    def _first_sound(self, call_id: str) -> None:
        """Only sound that really comes replaces our own ringback; a description alone does not."""
        if call_id in self._early:
            self._tell(CallProgress(call_id, EARLY_MEDIA, early_media=True))

    def _follow_hold(self, call_id: str, *, held: bool) -> None:
        voice = self._voices.get(call_id)
        if voice is not None:
            (voice.detach if held else voice.attach)()

    def _part(self, call_id: str) -> None:
        self._early.discard(call_id)
        voice = self._voices.pop(call_id, None)
        if voice is not None:
            voice.part()
