"""The table of a session's states, and what no sequence of steps may bring about."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.errors import IllegalTransition
from service.domain.session import GRACE_S, LOBBY, TABLE, Session, Step, after
from service_api.states import OVER, PRESENT, Assurance, ClientKind, Seat, SessionState

NEVER_IN_BY_ITSELF = frozenset({Step.ADMIT, Step.ENTER})


def a_session(state: SessionState = SessionState.INVITED) -> Session:
    return Session(
        id="s",
        appointment="a",
        key="place:1",
        participant="p",
        name="Person",
        seat=Seat.PARTICIPANT,
        assurance=Assurance.LINK,
        made_at=0.0,
        state=state,
    )


def walk(steps: list[Step]) -> list[Session]:
    """Every session on the way; steps the table does not have are passed over."""
    way = [a_session()]
    for now, step in enumerate(steps):
        if (way[-1].state, step) in TABLE:
            way.append(way[-1].step(step, float(now)))
    return way


@given(st.sampled_from(SessionState), st.sampled_from(Step))
def test_the_table_says_it_or_it_is_illegal(state: SessionState, step: Step) -> None:
    if (state, step) in TABLE:
        assert after(state, step) is TABLE[state, step]
        return
    with pytest.raises(IllegalTransition):
        after(state, step)


@given(st.lists(st.sampled_from(Step), max_size=40))
def test_nobody_is_inside_who_was_not_let_in(steps: list[Step]) -> None:
    state, let_in = SessionState.INVITED, False
    for step in steps:
        if (state, step) not in TABLE:
            continue
        was, state = state, TABLE[state, step]
        let_in = (let_in and was in PRESENT) or step in NEVER_IN_BY_ITSELF
        assert (state in PRESENT) <= let_in


@given(st.lists(st.sampled_from(sorted(set(Step) - {Step.ADMIT, Step.PUT_BACK, Step.PARDON})), max_size=40))
def test_who_was_removed_stays_out_until_a_host_says_otherwise(steps: list[Step]) -> None:
    session = a_session(SessionState.CONNECTED).step(Step.REMOVE, 0.0)
    for step in steps:
        if (session.state, step) in TABLE:
            session = session.step(step, 1.0)
    assert session.state is SessionState.REMOVED


@given(st.lists(st.sampled_from(Step), max_size=40))
def test_what_is_kept_of_a_session_fits_its_state(steps: list[Step]) -> None:
    for session in walk(steps):
        assert (session.waiting_since is not None) == (session.state in LOBBY)
        if session.state in OVER:
            assert not (session.camera or session.microphone or session.code_confirmed)


def test_every_state_can_be_reached_and_every_live_one_left() -> None:
    reached = {SessionState.INVITED} | set(TABLE.values())
    assert reached == set(SessionState)
    for state in set(SessionState) - OVER - {SessionState.INVITED}:
        assert TABLE[state, Step.LEAVE] is SessionState.LEFT
        assert TABLE[state, Step.REMOVE] is SessionState.REMOVED


@pytest.mark.parametrize("state", [SessionState.ADMITTED, SessionState.CONNECTED])
def test_a_lost_connection_is_reconnecting_and_comes_back_inside(state: SessionState) -> None:
    lost = a_session(state).lost(10.0)
    assert lost.state is SessionState.RECONNECTING
    assert lost.away_since == 10.0
    assert lost.connected(20.0, ClientKind.PROGRAM).state is SessionState.CONNECTED
    assert lost.connected(20.0, ClientKind.PROGRAM).away_since is None


@pytest.mark.parametrize("state", [SessionState.PREJOIN, SessionState.WAITING, SessionState.RECONNECTING])
def test_a_place_is_given_up_after_the_grace_and_not_before(state: SessionState) -> None:
    lost = a_session(state).lost(100.0)
    assert not lost.gone(100.0 + GRACE_S - 0.1)
    assert lost.gone(100.0 + GRACE_S)
    assert not a_session(state).gone(1e9)


@pytest.mark.parametrize("state", [SessionState.LEFT, SessionState.REMOVED])
def test_who_is_out_is_not_given_up_again(state: SessionState) -> None:
    assert not a_session(state).lost(0.0).gone(1e9)


def test_waiting_keeps_its_place_in_the_queue_while_the_connection_is_away() -> None:
    waiting = a_session(SessionState.PREJOIN).step(Step.KNOCK, 5.0)
    assert waiting.lost(6.0).connected(7.0, ClientKind.BROWSER).waiting_since == 5.0


def test_leaving_ends_the_confirmation() -> None:
    inside = a_session(SessionState.CONNECTED)
    confirmed = replace(inside, code_confirmed=True)
    assert not confirmed.step(Step.LEAVE, 1.0).code_confirmed
    assert confirmed.step(Step.LOSE, 1.0).code_confirmed
