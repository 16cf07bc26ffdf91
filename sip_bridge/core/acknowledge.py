"""The ACK of a 2xx, kept to be sent again (RFC 3261 13.2.2.4)."""

from __future__ import annotations

from sip_bridge.core.context import Context
from sip_bridge.core.dialog import Dialog
from sip_bridge.core.effects import Flow
from sip_bridge.core.message import Request
from sip_bridge.core.way import way_of

_CREDENTIALS = ("Authorization", "Proxy-Authorization")


class Acknowledgement:
    """One ACK. Until it is given its body (a delayed answer) and its flow is found, nothing goes out."""

    def __init__(self, context: Context, dialog: Dialog, invite: Request, came_by: Flow) -> None:
        self._context = context
        self._dialog = dialog
        self._invite = invite
        self._came_by = came_by
        self._data = b""
        self.begun = False
        self._flow: Flow | None = None
        self._request: Request  # from `send` on

    def send(self, now: float, headers: list[tuple[str, str]] | None = None, body: bytes = b"") -> None:
        """Send it for the first time; later calls do nothing.

        The INVITE's credentials go with it (22.1), but to our own server only.
        """
        if self.begun:
            return
        self.begun = True
        way = way_of(self._dialog, self._context.binding)
        extra = [one for one in self._invite.headers if one[0] in _CREDENTIALS] if way.home else []
        request = self._dialog.ack(self._invite.cseq.number, [*extra, *(headers or [])], body)
        self._request = self._context.stamp(request)
        if way.flow is not None:
            self._transmit(way.flow)
        else:
            self._context.sender.open(way.hop, lambda flow, _, __: self._transmit(flow or self._came_by))

    def again(self) -> None:
        """The 2xx came again: so does the ACK, over another flow if the server has one now."""
        if self._flow is None:
            return
        way = way_of(self._dialog, self._context.binding)
        if way.flow is None or way.flow.id == self._flow.id:
            self._context.layer.resend(self._data, self._flow)
        else:
            self._transmit(way.flow)

    def _transmit(self, flow: Flow) -> None:
        self._flow = flow
        self._data = self._context.layer.send(self._request, flow)
