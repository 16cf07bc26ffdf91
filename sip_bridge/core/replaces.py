"""Which call a new INVITE takes the place of (RFC 3891 section 3)."""

from __future__ import annotations

from sip_bridge.core.call import Call, Phase
from sip_bridge.core.calls import Calls
from sip_bridge.core.errors import MessageError
from sip_bridge.core.headers import ReplacesHeader
from sip_bridge.core.message import Request


def replaced_call(calls: Calls, request: Request) -> tuple[int, Call | None]:
    """Status 0 and the call to replace (None without the header), or the refusal's status."""
    value = request.headers.get("Replaces")
    if value is None:
        return 0, None
    try:
        wanted = ReplacesHeader.parse(value)
    except MessageError:
        return 400, None
    found = calls.by_tags(wanted.call_id, wanted.to_tag, wanted.from_tag)
    if found is None:
        return 481, None
    call, _ = found
    if call.over:
        return 603, None
    if call.phase is Phase.TALKING:
        return (486, None) if wanted.early_only else (0, call)
    # An early dialog is replaced only where we called: the ringing side has nothing to replace with.
    return (0, call) if call.we_called else (481, None)
