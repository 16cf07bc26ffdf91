"""What of a meeting's events is worth a sound or a notice beside the changed picture. Pure."""

from __future__ import annotations

from service_api import meeting as wire
from softphone.domain.events import ChatArrived, Event, Knocked
from softphone.domain.meeting import Meeting, SessionState
from softphone.services.meeting_state import everybody


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
        case wire.Welcome() | wire.Snapshot() if before.you.session == after.you.session:
            return _meanwhile(before, after)
    return ()


def _meanwhile(before: Meeting, after: Meeting) -> tuple[Event, ...]:
    """What came while the connection was away. Who finds a meeting as it is has missed nothing."""
    known = {one.session for one in everybody(before)} | {line.id for line in before.chat}
    knocked = (one for one in after.waiting if one.state is SessionState.WAITING)
    written = (line for line in after.chat if not line.mine)
    return (
        *(Knocked(one) for one in knocked if one.session not in known),
        *(ChatArrived(line) for line in written if line.id not in known),
    )
