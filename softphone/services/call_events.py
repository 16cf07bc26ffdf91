"""What the user agent says, as moves of the call table."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from softphone.domain.call import Call, CallState, Direction, EndReason, Party, TransferState
from softphone.domain.events import DtmfReceived, Notice
from softphone.ports import (
    CallDtmf,
    CallEnded,
    CallEstablished,
    CallFlood,
    CallMediaChanged,
    CallProgress,
    CallRemoteChanged,
    CallReplaced,
    CallTransferProgress,
    Clock,
    IncomingCall,
    Registered,
    RegistrationLost,
    RegistrationRefused,
    TelephonyEvent,
)
from softphone.runtime.bus import Bus
from softphone.services.call_table import CallTable

log = logging.getLogger(__name__)

CallEvent = (
    CallProgress
    | CallEstablished
    | CallMediaChanged
    | CallTransferProgress
    | CallReplaced
    | CallRemoteChanged
    | CallEnded
    | CallDtmf
)


class CallEvents:
    """Hears the user agent. `incoming` takes each new incoming call into the table, or turns it away.

    The user agent may speak of an outgoing call before `dial` has returned its id; such events wait.
    """

    def __init__(
        self,
        table: CallTable,
        bus: Bus,
        clock: Clock,
        name_for: Callable[[str], str],
        incoming: Callable[[Call], None],
    ) -> None:
        self._table = table
        self._bus = bus
        self._clock = clock
        self._name_for = name_for
        self._incoming = incoming
        self._dialling = 0
        self._waiting: list[CallEvent] = []

    def expect_dialled(self) -> None:
        """A call is being dialled: keep what is said about ids not known yet."""
        self._dialling += 1

    def dialled(self, call: Call | None) -> None:
        """The dialled call stands (or came to nothing): catch up with what was said meanwhile."""
        self._dialling -= 1
        if call is not None:
            self._table.add(call)
            ready = [event for event in self._waiting if _id(event) == call.id]
            self._waiting = [event for event in self._waiting if _id(event) != call.id]
            for event in ready:
                self.hear(event)
        if not self._dialling:
            self._waiting.clear()

    def hear(self, event: TelephonyEvent) -> None:
        """One event of the user agent."""
        if isinstance(event, Registered | RegistrationLost | RegistrationRefused):
            return
        if isinstance(event, CallFlood):
            self._bus.publish(Notice("call-flood"))
            return
        if isinstance(event, IncomingCall):
            self._new_incoming(event)
            return
        call = self._table.find(_id(event))
        if call is not None:
            self._apply(call, event)
        elif self._dialling:
            self._waiting.append(event)
        else:
            log.debug("%s for a call that is gone", type(event).__name__)

    def _new_incoming(self, event: IncomingCall) -> None:
        name = self._name_for(event.number) or self._name_for(event.uri) or event.name
        party = Party(event.uri, event.number, name)
        created = self._clock.monotonic()
        call = Call(event.call_id, Direction.INCOMING, party, CallState.RINGING, created_at=created)
        self._incoming(call)

    def _apply(self, call: Call, event: CallEvent) -> None:
        match event:
            case CallProgress():
                self._progress(call, event)
            case CallEstablished():
                self._established(call, event)
            case CallMediaChanged():
                self._media_changed(call, event)
            case CallTransferProgress():
                self._transfer(call, event)
            case CallReplaced():
                if self._table.find(event.call_id) is None:
                    self._table.add(replace(call, id=event.call_id))
            case CallRemoteChanged():
                name = self._name_for(event.number) or self._name_for(event.uri) or event.name
                self._table.change(call.id, remote=Party(event.uri, event.number, name))
            case CallDtmf():
                self._bus.publish(DtmfReceived(call.id, event.digit))
            case CallEnded():
                self._ended(call, event)

    def _progress(self, call: Call, event: CallProgress) -> None:
        heard = call.early_media or event.early_media
        if call.state is CallState.DIALLING:
            self._table.move(call.id, CallState.EARLY, status_code=event.status_code, early_media=heard)
        elif call.state is CallState.EARLY:
            self._table.change(call.id, status_code=event.status_code, early_media=heard)

    def _established(self, call: Call, event: CallEstablished) -> None:
        if call.state in (CallState.ACTIVE, CallState.ENDING):
            return
        if call.state is CallState.RINGING:
            self._table.move(call.id, CallState.ANSWERING)
        self._table.move(call.id, CallState.ACTIVE, codec=event.codec, encryption=event.encryption)

    def _media_changed(self, call: Call, event: CallMediaChanged) -> None:
        """What is shown follows the media; a call that loses its encryption is told."""
        self._table.change(
            call.id,
            codec=event.codec,
            encryption=event.encryption,
            held=event.held,
            remote_held=event.remote_held,
        )
        if call.encryption.method and not event.encryption.method:
            self._bus.publish(Notice("call-not-encrypted", {"call": call.id}))

    def _transfer(self, call: Call, event: CallTransferProgress) -> None:
        state = TransferState(event.state)
        self._table.change(call.id, transfer=state, status_code=event.status_code)
        if state is TransferState.FAILED:
            self._bus.publish(Notice("transfer-failed", {"status": str(event.status_code or "")}))

    def _ended(self, call: Call, event: CallEnded) -> None:
        handed_over = call.transfer is TransferState.DONE
        reason = EndReason.TRANSFERRED if handed_over else event.reason
        self._table.move(call.id, CallState.ENDED, reason=reason, status_code=event.status_code)


def _id(event: CallEvent) -> str:
    return event.old_call_id if isinstance(event, CallReplaced) else event.call_id
