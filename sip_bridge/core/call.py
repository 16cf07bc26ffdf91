"""One call: its phases, its dialog, and how anything is sent inside it.

What happens in a phase stands in its own file: `outgoing_call`, `incoming_call`, `negotiation`,
`session_timer`, `transfer`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from types import MappingProxyType
from typing import Protocol

from sip_bridge.core.context import Context
from sip_bridge.core.dialog import Dialog
from sip_bridge.core.effects import Flow
from sip_bridge.core.errors import SipError
from sip_bridge.core.events import Ended, Established
from sip_bridge.core.message import Request, Response
from sip_bridge.core.negotiation import Negotiation
from sip_bridge.core.sending import TIMEOUT, Listener, Outgoing, Unheard
from sip_bridge.core.session_timer import SessionTimer
from sip_bridge.core.transfer import Transfer, Watcher
from sip_bridge.core.way import way_of

BYE_TRIES, BYE_PAUSE = 10, 4.0
"""How often, and after how many seconds each time, a BYE without a way is tried again."""


class Phase(Enum):
    """A call's life as the protocol sees it."""

    CALLING = auto()  # our INVITE has no final answer
    CANCELLING = auto()  # and we want none any more
    RINGING = auto()  # an INVITE for us has no final answer
    TALKING = auto()
    OVER = auto()


MOVES: MappingProxyType[Phase, frozenset[Phase]] = MappingProxyType(
    {
        Phase.CALLING: frozenset({Phase.CANCELLING, Phase.TALKING, Phase.OVER}),
        Phase.CANCELLING: frozenset({Phase.OVER}),
        Phase.RINGING: frozenset({Phase.TALKING, Phase.OVER}),
        Phase.TALKING: frozenset({Phase.OVER}),
        Phase.OVER: frozenset(),
    }
)


class InviteSide(Protocol):
    """What OutgoingCall and IncomingCall have in common."""

    def hang_up(self, now: float, reason: str) -> None:
        """End the call, whatever its phase."""
        ...

    def on_ack(self, request: Request, now: float) -> bool:
        """Whether an ACK in the dialog is for this INVITE."""
        ...

    def stop(self) -> None:
        """The call is over."""
        ...

    @property
    def unacknowledged(self) -> bool:
        """Whether the ACK of its 2xx is still to come, or to be sent."""
        ...

    @property
    def agreed(self) -> bool:
        """Whether its offer has its answer."""
        ...


class IllegalMove(SipError):
    """Our own code tried a step a call can't take."""


@dataclass(eq=False)
class Call:
    """One call. `local_sdp` and `remote_sdp` are the descriptions agreed on last.

    `updated_by` is the tag of who changed them while it rang. `invite` is its INVITE side; `lingers`: over
    for its owner, but something must still be sent in it.
    """

    context: Context
    handle: str
    phase: Phase
    _dialog: Dialog | None = None
    local_sdp: bytes = b""
    remote_sdp: bytes = b""
    updated_by: str = ""
    we_called: bool = True
    lingers: bool = False
    invite: InviteSide | None = None
    replaces: Call | None = None
    watcher: Watcher | None = None
    negotiation: Negotiation = field(init=False)
    timer: SessionTimer = field(init=False)
    transfer: Transfer = field(init=False)

    def __post_init__(self) -> None:
        self.timer = SessionTimer(self)
        self.negotiation = Negotiation(self)
        self.transfer = Transfer(self)

    @property
    def dialog(self) -> Dialog:
        """The dialog it lives in; raises IllegalMove before there is one."""
        if self._dialog is None:
            raise IllegalMove("call: no dialog yet")
        return self._dialog

    @dialog.setter
    def dialog(self, dialog: Dialog) -> None:
        self._dialog = dialog

    @property
    def over(self) -> bool:
        """Whether nothing can be done with it any more."""
        return self.phase is Phase.OVER

    @property
    def unacknowledged(self) -> bool:
        """Whether its first INVITE is not done with."""
        return self.invite is not None and self.invite.unacknowledged

    @property
    def agreed(self) -> bool:
        """Whether its first offer is answered, so that another may be made (RFC 3311 5.1)."""
        return self.invite is not None and self.invite.agreed

    @property
    def talking(self) -> bool:
        """Whether it stands."""
        return self.phase is Phase.TALKING

    def move(self, phase: Phase) -> None:
        """Go on to `phase`, by the table."""
        if phase not in MOVES[self.phase]:
            raise IllegalMove(f"call: {self.phase.name} → {phase.name}")
        self.phase = phase

    def establish(self, dialog: Dialog, flow: Flow) -> None:
        """It stands: a 2xx went either way."""
        self.move(Phase.TALKING)
        self.dialog = dialog
        dialog.early = False
        remote = dialog.remote.partition(";tag=")[0]
        self.context.emit(Established(self.handle, dialog.remote_tag, remote, flow.secure))

    def end(self, status: int, reason_key: str, *, by_remote: bool, retry_after: int | None = None) -> None:
        """It is over; said once."""
        if self.over:
            return
        self.move(Phase.OVER)
        self.context.emit(Ended(self.handle, status, reason_key, by_remote, retry_after))

    def send(
        self,
        method: str,
        listener: Listener,
        now: float,
        *,
        headers: Sequence[tuple[str, str]] = (),
        body: bytes = b"",
        dialog: Dialog | None = None,
    ) -> Outgoing:
        """Send a request inside the dialog (or inside an early one named)."""
        dialog = dialog or self.dialog
        request = self.context.stamp(dialog.request(method, headers, body))
        way = way_of(dialog, self.context.binding)
        sent = Outgoing(
            request,
            listener,
            dialog.next_number,
            way.hop,
            way.flow,
            fixed=way.flow is not None,
            home=way.home,
            far_end=way.far_end,
        )
        self.context.sender.send(sent, now)
        return sent

    def bye(
        self, now: float, reason_key: str, reason: str = "", *, by_remote: bool = False, status: int = 0
    ) -> None:
        """End a standing call."""
        self.send_bye(now, reason)
        self.end(status, reason_key, by_remote=by_remote)

    def send_bye(self, now: float, reason: str) -> None:
        """Just the request: from then on the call is over for us (RFC 3261 15.1.1)."""
        self.negotiation.close(now)
        self.transfer.close(now)
        Farewell(self, reason).send(now)

    def send_info(self, content_type: str, body: bytes, now: float) -> None:
        """An INFO; nobody waits for its answer."""
        self.send("INFO", Unheard(), now, headers=[("Content-Type", content_type)], body=body)

    def stop(self) -> None:
        """Nothing of it waits for anything any more."""
        self.timer.stop()
        self.negotiation.stop()
        self.transfer.stop()
        if self.invite is not None:
            self.invite.stop()


class Farewell(Listener):
    """A BYE. Its answer changes nothing, but a broken way is tried again: nobody shall talk to the air."""

    def __init__(self, call: Call, reason: str) -> None:
        self._call = call
        self._headers = [("Reason", reason)] if reason else []
        self._left = BYE_TRIES

    def send(self, now: float) -> None:
        """Send it by whatever way there is now."""
        self._left -= 1
        self._call.send("BYE", self, now, headers=self._headers)

    def on_response(self, sent: Outgoing, response: Response, flow: Flow, now: float) -> None:
        """The peer knows, or knew."""

    def on_failure(self, sent: Outgoing, reason: str, now: float) -> None:
        """A peer that is silent may be gone; one that can't be reached may be back in a moment."""
        if reason != TIMEOUT and self._left > 0:
            self._call.context.agenda.set(self, now + BYE_PAUSE, self.send)


def bye_stray(context: Context, dialog: Dialog, now: float) -> None:
    """End a dialog that belongs to no call: a fork that answered too late."""
    stray = Call(context, "", Phase.TALKING, dialog)
    stray.send_bye(now, "")
