"""A user agent without a network: tests say what the far end does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from softphone.domain.call import Encryption, EndReason
from softphone.domain.errors import NotSignedIn, SignInRefused, SoftphoneError
from softphone.domain.quality import CallQuality
from softphone.ports import (
    CallDtmf,
    CallEnded,
    CallEstablished,
    CallMediaChanged,
    CallProgress,
    IncomingCall,
    Registered,
    RegistrationLost,
    RegistrationRefused,
    SipAccount,
    TelephonyEvent,
)

SDES = Encryption("sdes", True, "vip.example.com")


class FakeTelephony:
    """Implements ports.Telephony. `commands` holds every call of it as a tuple, in order.

    `refuse` lets the next commands of a name raise: `refuse["hold"] = CommandRefused("488")`.
    `refusals` holds what the next sign-ins answer, one after another; empty: accepted. They wait while
    `server_answers` is cleared.
    """

    def __init__(self) -> None:
        self.commands: list[tuple[object, ...]] = []
        self.accounts: list[SipAccount] = []
        self.refusals: list[SignInRefused] = []
        self.refuse: dict[str, SoftphoneError] = {}
        self.registered = False
        self.qualities: dict[str, CallQuality] = {}
        self.secret = ""
        self.server_answers = asyncio.Event()
        self.server_answers.set()
        self._callbacks: list[Callable[[TelephonyEvent], None]] = []
        self._next = 1

    # --- what tests drive -----------------------------------------------------------------------

    def emit(self, event: TelephonyEvent) -> None:
        """The user agent says something."""
        for callback in tuple(self._callbacks):
            callback(event)

    def incoming(self, number: str = "0401234567", name: str = "", call_id: str = "") -> str:
        """Somebody calls; returns the call's id."""
        call_id = call_id or self._new_id()
        self.emit(IncomingCall(call_id, f"sip:{number}@vip.example.com", number, name))
        return call_id

    def far_end_rings(self, call_id: str, *, early_media: bool = False) -> None:
        """180, or 183 with sound."""
        self.emit(CallProgress(call_id, 183 if early_media else 180, early_media))

    def establish(self, call_id: str, *, codec: str = "opus", encryption: Encryption = SDES) -> None:
        """The call is answered, on whichever side."""
        self.emit(CallEstablished(call_id, codec, encryption))

    def media_changed(self, call_id: str, *, held: bool = False, remote_held: bool = False) -> None:
        """A re-INVITE went through."""
        self.emit(CallMediaChanged(call_id, "opus", SDES, held, remote_held))

    def end(self, call_id: str, reason: EndReason = EndReason.REMOTE_HUNG_UP, status: int = 0) -> None:
        """The call is over."""
        self.emit(CallEnded(call_id, reason, status))

    def far_end_presses(self, call_id: str, digit: str) -> None:
        """A DTMF key from the far end."""
        self.emit(CallDtmf(call_id, digit))

    def lose_registration(self, refusal: str = "server-silent") -> None:
        """The server is gone for now."""
        self.registered = False
        self.emit(RegistrationLost(refusal))

    def regain_registration(self) -> None:
        """The server is back."""
        self.registered = True
        self.emit(Registered("tls", "vip.example.com"))

    def refuse_registration(self, refusal: str = "wrong-credentials", status: int = 403) -> None:
        """The server says no for good."""
        self.registered = False
        self.emit(RegistrationRefused(refusal, status))

    # --- the port ---------------------------------------------------------------------------------

    def listen(self, callback: Callable[[TelephonyEvent], None]) -> None:
        """See ports.Telephony."""
        self._callbacks.append(callback)

    async def sign_in(self, account: SipAccount) -> Registered:
        """See ports.Telephony."""
        self.accounts.append(account)
        await self.server_answers.wait()
        if self.refusals:
            raise self.refusals.pop(0)
        self._record("sign_in", account.number)
        self.registered = True
        self.secret = account.secret
        return Registered("tls" if account.transport == "auto" else account.transport, account.host)

    async def sign_out(self) -> None:
        """See ports.Telephony."""
        self._record("sign_out")
        self.registered = False

    async def dial(self, target: str, *, emergency: bool = False) -> str:
        """See ports.Telephony."""
        self._record("dial", target, emergency)
        if not self.registered and not emergency:
            raise NotSignedIn
        return self._new_id()

    async def ring(self, call_id: str) -> None:
        """See ports.Telephony."""
        self._record("ring", call_id)

    async def answer(self, call_id: str) -> None:
        """See ports.Telephony."""
        self._record("answer", call_id)

    async def reject(self, call_id: str, *, busy: bool = False) -> None:
        """See ports.Telephony."""
        self._record("reject", call_id, busy)
        self.end(call_id, EndReason.DECLINED, 486 if busy else 603)

    async def hang_up(self, call_id: str) -> None:
        """See ports.Telephony."""
        self._record("hang_up", call_id)
        self.end(call_id, EndReason.HUNG_UP)

    async def hold(self, call_id: str) -> None:
        """See ports.Telephony."""
        self._record("hold", call_id)
        self.media_changed(call_id, held=True)

    async def resume(self, call_id: str) -> None:
        """See ports.Telephony."""
        self._record("resume", call_id)
        self.media_changed(call_id, held=False)

    async def mute(self, call_id: str, muted: bool) -> None:
        """See ports.Telephony."""
        self._record("mute", call_id, muted)

    async def set_volume(self, call_id: str, gain_db: float) -> None:
        """See ports.Telephony."""
        self._record("set_volume", call_id, gain_db)

    async def send_dtmf(self, call_id: str, digits: str) -> None:
        """See ports.Telephony."""
        self._record("send_dtmf", call_id, digits)

    async def transfer(self, call_id: str, target: str) -> None:
        """See ports.Telephony."""
        self._record("transfer", call_id, target)

    async def transfer_to_call(self, call_id: str, other_call_id: str) -> None:
        """See ports.Telephony."""
        self._record("transfer_to_call", call_id, other_call_id)

    def quality(self, call_id: str) -> CallQuality | None:
        """See ports.Telephony."""
        return self.qualities.get(call_id)

    def network_changed(self) -> None:
        """See ports.Telephony."""
        self._record("network_changed")

    def _record(self, name: str, *arguments: object) -> None:
        self.commands.append((name, *arguments))
        if name in self.refuse:
            raise self.refuse.pop(name)

    def _new_id(self) -> str:
        call_id = f"call-{self._next}"
        self._next += 1
        return call_id
