"""What service and engine process say to each other: one JSON object a line, in both directions.

Service: {"id", "call", and the call's arguments}. Engine: {"id", "result"} or {"id", "error"}, and
{"event", …} by itself. {"ready": true} is the engine's first line.
"""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from service.usecases.engine import EngineEvent, FeedEnded, Member, Published, Subscription, SubscriptionEnded

LINE_LIMIT = 512 * 1024
"""Bytes; a description of 64 KiB, escaped, fits."""

CALLS = frozenset(
    {
        "admit",
        "remove",
        "end_room",
        "members",
        "publish",
        "unpublish",
        "subscribe",
        "answer",
        "adjust",
        "unsubscribe",
    }
)
_EVENTS: dict[str, type[FeedEnded | SubscriptionEnded]] = {
    "feed-ended": FeedEnded,
    "subscription-ended": SubscriptionEnded,
}


def encode(message: dict[str, Any]) -> bytes:
    """One line."""
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


def decode(line: bytes) -> dict[str, Any]:
    """Raises ValueError for what is no message."""
    if len(line) > LINE_LIMIT:
        raise ValueError("line too long")
    message = json.loads(line)
    if not isinstance(message, dict):
        raise ValueError("not an object")
    return message


def event_out(event: EngineEvent) -> dict[str, Any]:
    """An event as a message. EngineRestarted has none: a dead process says nothing."""
    name = next(name for name, kind in _EVENTS.items() if type(event) is kind)
    return {"event": name, **dataclasses.asdict(event)}


def event_in(message: dict[str, Any]) -> EngineEvent:
    """The event in a message. Raises KeyError or TypeError for what is none."""
    fields = {name: value for name, value in message.items() if name != "event"}
    return _EVENTS[message["event"]](**fields)


def result_out(result: object) -> object:
    """A call's result as JSON."""
    if isinstance(result, tuple):
        return [dataclasses.asdict(member) for member in result]
    if isinstance(result, Published | Subscription):
        return dataclasses.asdict(result)
    return None


def members_in(result: list[dict[str, Any]]) -> tuple[Member, ...]:
    """The engine's list."""
    return tuple(
        Member(item["room"], item["member"], item["feed"], tuple(item["subscriptions"])) for item in result
    )
