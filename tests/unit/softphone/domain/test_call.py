"""The call's transition table."""

from __future__ import annotations

import itertools

import pytest

from softphone.domain.call import TRANSITIONS, Call, CallState, Direction, Party, require_move
from softphone.domain.errors import IllegalTransition


@pytest.mark.parametrize(("old", "new"), list(itertools.product(CallState, CallState)))
def test_the_table_decides(old: CallState, new: CallState) -> None:
    if new in TRANSITIONS[old]:
        require_move(old, new)
    else:
        with pytest.raises(IllegalTransition):
            require_move(old, new)


def test_every_state_can_end_and_the_end_is_final() -> None:
    assert not TRANSITIONS[CallState.ENDED]
    assert all(CallState.ENDED in TRANSITIONS[state] for state in CallState if state is not CallState.ENDED)


def test_duration_counts_talk_alone() -> None:
    ringing = Call("1", Direction.INCOMING, Party("sip:a@b"), CallState.RINGING, created_at=10.0)
    assert ringing.duration_ms(99.0) == 0
    talking = Call("1", Direction.INCOMING, Party("sip:a@b"), CallState.ACTIVE, answered_at=20.0)
    assert talking.duration_ms(21.5) == 1500
    over = Call("1", Direction.INCOMING, Party("sip:a@b"), CallState.ENDED, answered_at=20.0, ended_at=22.0)
    assert over.duration_ms(99.0) == 2000
    assert not over.live
