"""Which flow a request inside a dialog takes (RFC 3261 12.2.1.1, RFC 5626 section 5.3)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sip_bridge.core.binding import Binding
from sip_bridge.core.dialog import Dialog
from sip_bridge.core.effects import Flow, Hop


@dataclass(frozen=True, slots=True)
class Way:
    """`flow`, or None where one to `hop` must be found. `home`, `far_end`: see Outgoing."""

    flow: Flow | None
    hop: Hop
    home: bool
    far_end: bool


def way_of(dialog: Dialog, binding: Binding) -> Way:
    """A dialog made through our server stays on the present flow to it, whichever that is.

    Else the flow it came by serves as long as it leads to the next hop; else the hop is looked up. What TLS
    has carried never leaves it, though a proxy has kept itself out of the route.
    """
    hop = dialog.hop()
    guarded = binding.keeps_to_tls(dialog)
    hop = replace(hop, secure=hop.secure or guarded)
    far_end = not _ends_at_server(dialog, binding)
    ours = binding.flow
    through_server = dialog.routes or guarded or (ours is not None and hop.host == ours.remote[0])
    if ours is not None and dialog.home and through_server and (ours.secure or not hop.secure):
        return Way(ours, hop, True, far_end)
    flow = dialog.flow
    if flow is not None and _leads_to(flow, hop):
        return Way(flow, hop, dialog.home and binding.is_home(flow), far_end)
    return Way(None, hop, False, far_end)


def _leads_to(flow: Flow, hop: Hop) -> bool:
    if hop.secure and not flow.secure:
        return False
    if flow.remote == (hop.host, hop.port or 5060):
        return True
    return flow.reliable and hop.host in {flow.remote[0], flow.peer_name}


def _ends_at_server(dialog: Dialog, binding: Binding) -> bool:
    target = dialog.target_hop().host
    names = {binding.server}
    if binding.account is not None:
        names.add(binding.account.registrar.host)
    return target in names
