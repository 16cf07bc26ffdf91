"""The calls of one agent, by handle and by dialog."""

from __future__ import annotations

from sip_bridge.core.call import Call, Phase
from sip_bridge.core.context import Context
from sip_bridge.core.dialog import Dialog, DialogId
from sip_bridge.core.errors import SipError
from sip_bridge.core.message import Request


class UnknownCall(SipError):
    """A handle this agent never gave out."""


class Calls:
    """Living calls. Dialogs of a call that ended are forgotten with it."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._serial = 0
        self._by_handle: dict[str, Call] = {}
        self._dialogs: dict[DialogId, tuple[Call, Dialog]] = {}

    def all(self) -> list[Call]:
        """Every call that is not forgotten."""
        return list(self._by_handle.values())

    @property
    def full(self) -> bool:
        """Whether the configured limit is reached."""
        return len(self._by_handle) >= self._context.config.max_calls

    def new(self, phase: Phase) -> Call:
        """A call with a fresh handle."""
        self._serial += 1
        call = Call(self._context, f"call-{self._serial}", phase, we_called=phase is Phase.CALLING)
        self._by_handle[call.handle] = call
        return call

    def get(self, handle: str) -> Call | None:
        """The living call of that handle, None when it is over; raises UnknownCall."""
        call = self._by_handle.get(handle)
        if call is None:
            prefix, _, number = handle.partition("-")
            if prefix != "call" or not number.isdigit() or not 0 < int(number) <= self._serial:
                raise UnknownCall(handle)
        return call

    def index(self, dialog: Dialog, call: Call) -> None:
        """Requests of `dialog` belong to `call`."""
        self._dialogs[dialog.id] = (call, dialog)

    def drop(self, dialog: Dialog) -> None:
        """Nothing of this dialog is ours any more."""
        self._dialogs.pop(dialog.id, None)

    def knows(self, call_id: str) -> bool:
        """Whether any dialog has this Call-ID."""
        return any(key[0] == call_id for key in self._dialogs)

    def find(self, request: Request) -> tuple[Call, Dialog] | None:
        """Whose dialog a request is in."""
        return self._dialogs.get((request.call_id, request.to.tag, request.from_.tag))

    def by_tags(self, call_id: str, local_tag: str, remote_tag: str) -> tuple[Call, Dialog] | None:
        """The dialog a Replaces header names (RFC 3891 3)."""
        return self._dialogs.get((call_id, local_tag, remote_tag))

    def flow_closed(self, flow_id: int) -> None:
        """No dialog may use that flow again."""
        for _, dialog in self._dialogs.values():
            if dialog.flow is not None and dialog.flow.id == flow_id:
                dialog.flow = None

    def prune(self) -> None:
        """Forget what is over."""
        for call in self.all():
            if call.over and not call.lingers:
                call.stop()
                self._forget(call)

    def _forget(self, call: Call) -> None:
        self._by_handle.pop(call.handle, None)
        for key in [key for key, (owner, _) in self._dialogs.items() if owner is call]:
            del self._dialogs[key]
