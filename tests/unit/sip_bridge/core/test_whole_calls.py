"""Whole calls between two agents over a wire that loses, delays, doubles and re-orders.

Whatever the wire does, in the end both sides agree: the call stands on both or on neither.
"""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sip_bridge.core.config import AgentConfig
from sip_bridge.core.events import (
    AnswerReceived,
    Ended,
    Established,
    IncomingInvite,
    OfferReceived,
    ReferProgress,
    ReofferFailed,
    Replaced,
)
from tests.doubles.sip_link import Link, Node, Weather, phone, prompt

ALICE, BOB, CAROL = "10.0.0.1", "10.0.0.2", "10.0.0.3"
QUIET = 200.0
"""Longer than any timer of a call that is going wrong, shorter than a session's."""


def _stands(node: Node) -> bool:
    return bool(node.of(Established)) and not node.of(Ended)


def _pair(link: Link, after: float = 0.5) -> tuple[Node, Node]:
    alice, bob = link.add(ALICE), link.add(BOB)
    alice.react, bob.react = phone(after), phone(after)
    return alice, bob


def _weather(longest: int = 40) -> st.SearchStrategy[Weather]:
    delay = st.sampled_from([0.01, 0.02, 0.3, 0.9])
    fate = st.one_of(st.just(()), st.just((0.01,)), st.lists(delay, min_size=1, max_size=2).map(tuple))
    return st.lists(fate, max_size=longest).map(Weather)


_FAST = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def test_a_call_from_ring_to_hang_up() -> None:
    link = Link()
    alice, bob = _pair(link)
    call = alice.agent.invite(f"sip:bob@{BOB}", b"offer", link.now)
    link.run(2)
    assert link.methods() == ["INVITE", "100 INVITE", "180 INVITE", "200 INVITE", "ACK"]
    assert alice.last(AnswerReceived).sdp == b"answer"
    alice.agent.reoffer(call, b"hold", link.now)
    link.run(1)
    assert bob.last(OfferReceived).sdp == b"hold"
    assert alice.last(AnswerReceived).sdp == b"answer to offer"
    bob.agent.cancel_or_bye(bob.last(Established).call, link.now)
    link.run(40)
    assert (alice.last(Ended).reason_key, bob.last(Ended).reason_key) == ("remote-hung-up", "hung-up")
    assert [node.agent.next_timer() for node in (alice, bob)] == [None, None]


@_FAST
@given(_weather())
def test_whatever_is_lost_both_sides_agree(weather: Weather) -> None:
    link = Link(weather)
    alice, bob = _pair(link)
    alice.agent.invite(f"sip:bob@{BOB}", b"offer", link.now)
    link.run(QUIET)
    assert _stands(alice) == _stands(bob)
    assert _stands(alice) or alice.of(Ended)


@_FAST
@given(_weather(), st.floats(0, 3), st.booleans())
def test_hanging_up_at_any_moment_ends_it_on_both_sides(weather: Weather, when: float, caller: bool) -> None:
    link = Link(weather)
    alice, bob = _pair(link)
    call = alice.agent.invite(f"sip:bob@{BOB}", b"offer", link.now)

    def hang_up() -> None:
        if caller:
            alice.agent.cancel_or_bye(call, link.now)
        elif bob.of(IncomingInvite):
            bob.agent.cancel_or_bye(bob.last(IncomingInvite).call, link.now)
        else:
            link.at(0.5, hang_up)

    link.at(when, hang_up)
    link.run(QUIET)
    assert not _stands(alice)
    assert not _stands(bob)
    assert len(alice.of(Ended)) == 1
    assert len(bob.of(Ended)) == len(bob.of(IncomingInvite))
    assert [node.agent.next_timer() for node in (alice, bob)] == [None, None]


@_FAST
@given(_weather(60), st.lists(st.tuples(st.booleans(), st.floats(0, 6)), max_size=5))
def test_any_mix_of_reoffers_settles(weather: Weather, offers: list[tuple[bool, float]]) -> None:
    link = Link()
    alice, bob = _pair(link)
    call = alice.agent.invite(f"sip:bob@{BOB}", b"offer", link.now)
    link.run(2)
    link.fate = weather
    other = bob.last(Established).call
    for number, (from_alice, when) in enumerate(offers):
        node, handle = (alice, call) if from_alice else (bob, other)
        sdp = f"offer {number}".encode()
        link.at(when, lambda node=node, handle=handle, sdp=sdp: node.agent.reoffer(handle, sdp, link.now))  # type: ignore[misc]
    link.run(QUIET)
    assert _stands(alice) == _stands(bob)
    if _stands(alice):
        link.fate = prompt
        before = len(alice.of(AnswerReceived)) + len(alice.of(ReofferFailed))
        alice.agent.reoffer(call, b"last word", link.now)
        link.run(40)
        assert len(alice.of(AnswerReceived)) + len(alice.of(ReofferFailed)) == before + 1
        assert bob.last(OfferReceived).sdp == b"last word"


@_FAST
@given(_weather())
def test_a_call_without_offer_agrees_too(weather: Weather) -> None:
    link = Link(weather)
    alice, bob = _pair(link)
    alice.agent.invite(f"sip:bob@{BOB}", None, link.now)
    link.run(QUIET)
    assert _stands(alice) == _stands(bob)
    if _stands(bob):
        assert bob.last(AnswerReceived).sdp == b"answer to offer"


@_FAST
@given(_weather(60))
def test_a_blind_transfer_ends_somewhere(weather: Weather) -> None:
    link = Link()
    alice, bob = _pair(link)
    carol = link.add(CAROL)
    carol.react = phone()
    call = alice.agent.invite(f"sip:bob@{BOB}", b"offer", link.now)
    link.run(2)
    link.fate = weather
    alice.agent.refer(call, f"sip:carol@{CAROL}", link.now)
    link.run(2 * QUIET)
    assert sum(event.final for event in alice.of(ReferProgress)) == 1
    if alice.last(ReferProgress).status == 200:
        assert alice.of(Ended)
        assert _established(bob) == _established(carol) == 1
    else:
        assert _established(alice) == _established(bob) - _established(carol)


def _established(node: Node) -> int:
    """How many calls stand at a node."""
    over = {event.call for event in node.of(Ended)}
    return len({event.call for event in node.of(Established)} - over)


def test_an_attended_transfer_leaves_the_two_others_talking() -> None:
    link = Link()
    alice, bob = _pair(link)
    carol = link.add(CAROL)
    carol.react = phone()
    first = alice.agent.invite(f"sip:bob@{BOB}", b"offer", link.now)
    second = alice.agent.invite(f"sip:carol@{CAROL}", b"offer", link.now)
    link.run(2)
    alice.agent.refer_to_call(first, second, link.now)
    link.run(60)
    assert alice.last(ReferProgress) == ReferProgress(first, 200, True)
    assert carol.of(Replaced)
    assert [_established(node) for node in (alice, bob, carol)] == [0, 1, 1]


def test_an_attended_transfer_that_fails_leaves_all_as_it_was() -> None:
    link = Link()
    alice, bob = _pair(link)
    carol = link.add(CAROL)
    carol.react = lambda node, event: (
        node.agent.reject(event.call, 603, link.now)
        if isinstance(event, IncomingInvite) and event.replaces
        else phone()(node, event)
    )
    first = alice.agent.invite(f"sip:bob@{BOB}", b"offer", link.now)
    second = alice.agent.invite(f"sip:carol@{CAROL}", b"offer", link.now)
    link.run(2)
    alice.agent.refer_to_call(first, second, link.now)
    link.run(60)
    assert alice.last(ReferProgress) == ReferProgress(first, 603, True)
    assert [_established(node) for node in (alice, bob, carol)] == [2, 1, 1]


def test_two_reoffers_at_once_both_come_through() -> None:
    link = Link()
    alice, bob = _pair(link)
    call = alice.agent.invite(f"sip:bob@{BOB}", b"offer", link.now)
    link.run(2)
    alice.agent.reoffer(call, b"from alice", link.now)
    bob.agent.reoffer(bob.last(Established).call, b"from bob", link.now)
    link.run(10)
    assert "491 INVITE" in link.methods()
    assert bob.last(OfferReceived).sdp == b"from alice"
    assert alice.last(OfferReceived).sdp == b"from bob"


def test_a_session_is_refreshed_for_a_day_and_ends_when_the_peer_is_gone() -> None:
    link = Link()
    config = AgentConfig(aor=f"sip:a@{ALICE}", accept_strangers=True, session_expires=600)
    alice, bob = link.add(ALICE, config), link.add(BOB, config)
    alice.react, bob.react = phone(), phone()
    alice.agent.invite(f"sip:bob@{BOB}", b"offer", link.now)
    link.run(24 * 3600)
    assert _stands(alice)
    assert _stands(bob)
    assert link.methods().count("UPDATE") == 24 * 12 - 1
    del link.nodes[bob.address]
    link.run(700)
    assert alice.last(Ended).reason_key == "network-lost"


def test_a_call_over_a_stream() -> None:
    link = Link(transport="tcp")
    alice, bob = _pair(link)
    alice.agent.invite(f"sip:bob@{BOB};transport=tcp", b"offer", link.now)
    link.run(2)
    assert link.methods() == ["INVITE", "100 INVITE", "180 INVITE", "200 INVITE", "ACK"]
    assert _stands(alice)
    assert _stands(bob)
