"""What of a meeting's events is worth a sound or a notice beside the changed picture. Pure."""

from __future__ import annotations

from service_api import meeting as wire
from softphone.domain.events import ChatArrived, Event, Knocked
from softphone.domain.meeting import Meeting


def news(before: Meeting, after: Meeting, event: wire.AnyEvent) -> tuple[Event, ...]:
    """Somebody knocked, or somebody else wrote; each once."""
    match event:
        case wire.Knocked():
            return tuple(Knocked(one) for one in after.waiting if one.session == event.session)
        case wire.ChatAdded():
            if any(line.id == event.line.id for line in before.chat):
                return ()
            written = (line for line in after.chat if line.id == event.line.id)
            return tuple(ChatArrived(line) for line in written if not line.mine)
    return ()
