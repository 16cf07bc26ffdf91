"""What service and engine process say to each other."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.media_engine.messages import (
    LINE_LIMIT,
    decode,
    encode,
    event_in,
    event_out,
    members_in,
    result_out,
)
from service.media_engine.sdp import SIZE_LIMIT
from service.usecases.engine import EngineEvent, FeedEnded, Member, Published, SubscriptionEnded


@given(st.dictionaries(st.text(max_size=10), st.text() | st.integers() | st.booleans(), max_size=5))
def test_a_message_is_one_line(message: dict[str, object]) -> None:
    line = encode(message)
    assert line.count(b"\n") == 1 and line.endswith(b"\n")
    assert decode(line) == message


def test_the_largest_description_fits() -> None:
    line = encode(
        {"id": 1, "call": "publish", "room": "r" * 64, "member": "m" * 64, "sdp": "\ud800" * SIZE_LIMIT}
    )
    assert len(line) <= LINE_LIMIT
    assert len(decode(line)["sdp"]) == SIZE_LIMIT


@pytest.mark.parametrize("event", [FeedEnded("r", "f"), SubscriptionEnded("r", "s")])
def test_events_arrive_as_they_left(event: EngineEvent) -> None:
    assert event_in(decode(encode(event_out(event)))) == event


def test_results_arrive_as_they_left() -> None:
    members = (Member("r", "a", "f", ("s", "t")), Member("r", "b"))
    assert members_in(decode(encode({"result": result_out(members)}))["result"]) == members
    published = Published("f", "v=0", True, False)
    assert Published(**decode(encode({"result": result_out(published)}))["result"]) == published
    assert result_out(None) is None


@given(st.binary(max_size=50))
def test_any_line_is_a_message_or_refused(line: bytes) -> None:
    with suppress(ValueError):
        decode(line)


def test_a_line_without_end_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        decode(b" " * (LINE_LIMIT + 1))
