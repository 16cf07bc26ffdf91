"""Whole calls through the demo's exchange, between user agents of our own."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from demo.talks import LOST_S, PROBE_S
from sip_bridge.core.events import (
    AnswerReceived,
    Ended,
    Established,
    IncomingInvite,
    InfoReceived,
    OfferReceived,
    Provisional,
    ReferProgress,
    RegistrationFailed,
    Replaced,
)
from sip_bridge.core.headers import ReplacesHeader
from sip_bridge.core.uri import SipUri
from tests.doubles.sip_link import Node, Weather
from tests.doubles.sip_town import CENTRE, Town

A, B, B2, C = "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5"
QUIET = 260.0
"""Longer than ringing, its CANCEL and everything after it."""


def standing(node: Node) -> int:
    """How many calls stand at a phone."""
    over = {event.call for event in node.of(Ended)}
    return len({event.call for event in node.of(Established)} - over)


def three(town: Town) -> tuple[Node, Node, Node]:
    """Everybody who lives here."""
    return town.phone("alice", A), town.phone("bob", B), town.phone("carol", C)


def test_each_phone_has_a_dialog_of_its_own_with_the_exchange() -> None:
    town = Town()
    alice, bob = town.phone("alice", A), town.phone("bob", B)
    town.dial(alice, "bob")
    town.run(2)
    said, heard = town.said_by(alice, "INVITE")[-1], town.heard_by(bob, "INVITE")[0]
    assert said.call_id != heard.call_id
    assert said.from_.tag != heard.from_.tag
    assert str(heard.from_.uri) == f"sip:alice@{CENTRE}"
    assert heard.contacts[0].uri == SipUri.parse(f"sip:alice@{CENTRE}:5060")
    assert len(heard.vias) == 1
    assert not heard.record_routes
    assert heard.max_forwards == 69
    assert "Proxy-Authorization" not in heard.headers
    assert heard.body == b"offer"
    assert alice.last(AnswerReceived).sdp == b"answer"
    answer = next(response for response in town.responses(alice, "INVITE") if response.status == 200)
    assert answer.contacts[0].uri == SipUri.parse(f"sip:bob@{CENTRE}:5060")
    assert (standing(alice), standing(bob)) == (1, 1)


def test_hold_and_resume_and_keys_pass_both_ways() -> None:
    town = Town()
    alice, bob = town.phone("alice", A), town.phone("bob", B)
    call = town.dial(alice, "bob")
    town.run(2)
    alice.agent.reoffer(call, b"hold", town.now)
    town.run(1)
    assert bob.last(OfferReceived).sdp == b"hold"
    assert alice.last(AnswerReceived).sdp == b"answer to offer"
    bob.agent.reoffer(bob.last(Established).call, b"resume", town.now)
    town.run(1)
    assert alice.last(OfferReceived).sdp == b"resume"
    alice.agent.send_info(call, "application/dtmf-relay", b"Signal=5", town.now)
    town.run(1)
    assert bob.last(InfoReceived).body == b"Signal=5"


def test_both_hold_at_once_and_both_come_through() -> None:
    town = Town()
    alice, bob = town.phone("alice", A), town.phone("bob", B)
    call = town.dial(alice, "bob")
    town.run(2)
    alice.agent.reoffer(call, b"from alice", town.now)
    bob.agent.reoffer(bob.last(Established).call, b"from bob", town.now)
    town.run(10)
    assert "491 INVITE" in town.methods()
    assert (bob.last(OfferReceived).sdp, alice.last(OfferReceived).sdp) == (b"from alice", b"from bob")


def test_a_call_without_offer_has_its_answer_in_the_ack() -> None:
    town = Town()
    alice, bob = town.phone("alice", A), town.phone("bob", B)
    town.dial(alice, "bob", None)
    town.run(2)
    assert alice.last(OfferReceived).sdp == b"answer"
    assert bob.last(AnswerReceived).sdp == b"answer to offer"


def test_hanging_up_says_why_and_leaves_nothing() -> None:
    town = Town()
    alice, bob = town.phone("alice", A), town.phone("bob", B)
    call = town.dial(alice, "bob")
    town.run(2)
    assert town.exchange.busy()
    alice.agent.cancel_or_bye(call, town.now, 'Q.850;cause=16;text="Bye"')
    town.run(1)
    assert town.heard_by(bob, "BYE")[0].headers.get("Reason") == 'Q.850;cause=16;text="Bye"'
    assert bob.last(Ended).reason_key == "remote-hung-up"
    assert not town.exchange.busy()
    town.run(QUIET)
    assert town.exchange.next_timer() is None
    assert town.exchange.waiting() == 0


def test_cancel_reaches_the_phone_that_rings() -> None:
    town = Town()
    alice, bob = town.phone("alice", A), town.phone("bob", B, answers_after=None)
    call = town.dial(alice, "bob")
    town.run(2)
    assert alice.last(Provisional).status == 180
    alice.agent.cancel_or_bye(call, town.now, "SIP;cause=200")
    town.run(1)
    assert town.heard_by(bob, "CANCEL")[0].headers.get("Reason") == "SIP;cause=200"
    assert bob.last(Ended).by_remote
    assert not town.exchange.busy()


def test_a_refusal_passes_with_its_status() -> None:
    town = Town()
    alice, bob = town.phone("alice", A), town.phone("bob", B, answers_after=None)
    town.dial(alice, "bob")
    town.run(1)
    bob.agent.reject(bob.last(IncomingInvite).call, 486, town.now)
    town.run(1)
    assert (alice.last(Ended).status, alice.last(Ended).reason_key) == (486, "busy")
    assert not town.exchange.busy()


def test_nobody_who_never_answers_rings_for_ever() -> None:
    town = Town()
    alice, bob = town.phone("alice", A), town.phone("bob", B, answers_after=None)
    town.dial(alice, "bob")
    town.run(QUIET)
    assert alice.of(Ended) and bob.of(Ended)
    assert not town.exchange.busy()
    assert town.exchange.waiting() == 0


def test_all_phones_of_a_person_ring_and_the_first_has_the_call() -> None:
    town = Town()
    alice, bob = town.phone("alice", A), town.phone("bob", B)
    second = town.phone("bob", B2, answers_after=None)
    town.dial(alice, "bob")
    town.run(2)
    assert {event.dialog for event in alice.of(Provisional)} >= {alice.last(Established).dialog}
    assert len({event.dialog for event in alice.of(Provisional)}) == 2
    assert (standing(alice), standing(bob), standing(second)) == (1, 1, 0)
    assert "elsewhere" in second.last(Ended).reason_key
    assert "cause=200" in (town.heard_by(second, "CANCEL")[0].headers.get("Reason") or "")


def test_one_busy_phone_lets_the_other_ring_and_a_decline_ends_all() -> None:
    town = Town()
    alice, bob = town.phone("alice", A), town.phone("bob", B, answers_after=None)
    second = town.phone("bob", B2, answers_after=None)
    town.dial(alice, "bob")
    town.run(1)
    bob.agent.reject(bob.last(IncomingInvite).call, 486, town.now)
    town.run(1)
    assert not alice.of(Ended)
    second.agent.reject(second.last(IncomingInvite).call, 404, town.now)
    town.run(1)
    assert alice.last(Ended).status == 404
    town.dial(alice, "bob")
    town.run(1)
    bob.agent.reject(bob.last(IncomingInvite).call, 603, town.now)
    town.run(1)
    assert alice.last(Ended).status == 603
    assert len(second.of(Ended)) == 2


def test_two_phones_answer_at_once_and_the_late_one_is_hung_up() -> None:
    town = Town()
    alice, bob, second = town.phone("alice", A), town.phone("bob", B), town.phone("bob", B2)
    town.dial(alice, "bob")
    town.run(5)
    assert standing(alice) == 1
    assert standing(bob) + standing(second) == 1
    assert not any(event.status for event in second.of(Ended))


def test_blind_transfer_tells_its_progress() -> None:
    town = Town()
    alice, bob, carol = three(town)
    call = town.dial(alice, "bob")
    town.run(2)
    alice.agent.refer(call, f"sip:carol@{CENTRE}", town.now)
    town.run(5)
    assert alice.last(ReferProgress) == ReferProgress(call, 200, True)
    assert [standing(node) for node in (alice, bob, carol)] == [0, 1, 1]
    asked, told = town.said_by(alice, "REFER")[-1], town.heard_by(alice, "NOTIFY")
    assert {notify.headers.get("Event") for notify in told} == {f"refer;id={asked.cseq.number}"}


def test_attended_transfer_connects_the_two_others() -> None:
    town = Town()
    alice, bob, carol = three(town)
    first, second = town.dial(alice, "bob"), town.dial(alice, "carol")
    town.run(2)
    alice.agent.refer_to_call(first, second, town.now)
    town.run(10)
    assert alice.last(ReferProgress) == ReferProgress(first, 200, True)
    assert carol.of(Replaced)
    assert [standing(node) for node in (alice, bob, carol)] == [0, 1, 1]
    refer_to = SipUri.parse((town.heard_by(bob, "REFER")[0].headers.get("Refer-To") or "").strip("<>"))
    named = ReplacesHeader.parse(refer_to.header("Replaces") or "")
    assert str(refer_to.without_headers()) == f"sip:carol@{CENTRE}"
    assert named.call_id == town.heard_by(carol, "INVITE")[0].call_id
    assert town.heard_by(carol, "INVITE")[1].headers.get("Replaces") == str(named)


def test_who_was_called_can_transfer_too() -> None:
    """Bob was called by Alice and asks Carol: the dialogs lie the other way round."""
    town = Town()
    alice, bob, carol = three(town)
    town.dial(alice, "bob")
    town.run(2)
    second = town.dial(carol, "bob")
    town.run(2)
    first = bob.of(Established)[0].call
    bob.agent.refer_to_call(bob.of(Established)[1].call, first, town.now)
    town.run(10)
    assert alice.of(Replaced)
    assert [standing(node) for node in (alice, bob, carol)] == [1, 0, 1]
    assert second in {event.call for event in carol.of(Ended)}


def test_a_phone_may_name_its_own_dialog_in_replaces() -> None:
    """What a third party that knows Alice's dialog says is mapped to the one Bob knows."""
    town = Town()
    alice, bob, carol = three(town)
    town.dial(alice, "bob")
    town.run(2)
    said = town.said_by(alice, "INVITE")[-1]
    own = ReplacesHeader(said.call_id, alice.last(Established).dialog, said.from_.tag)
    carol.agent.invite(f"sip:bob@{CENTRE}", b"offer", town.now, replaces=str(own))
    town.run(5)
    assert bob.of(Replaced)
    assert [standing(node) for node in (alice, bob, carol)] == [0, 1, 1]
    carol.agent.invite(f"sip:bob@{CENTRE}", b"offer", town.now, replaces="x;to-tag=y;from-tag=z")
    town.run(1)
    assert carol.last(Ended).status == 481


def test_a_phone_that_dies_is_noticed_and_the_other_told() -> None:
    town = Town()
    alice, bob = town.phone("alice", A), town.phone("bob", B)
    town.dial(alice, "bob")
    town.run(2)
    town.nodes.pop(bob.address)
    town.run(PROBE_S + 40)
    assert alice.last(Ended).by_remote
    assert "gone" in (town.heard_by(alice, "BYE")[0].headers.get("Reason") or "")
    assert not town.exchange.busy()


def test_a_phone_that_lives_is_left_alone() -> None:
    town = Town()
    alice, bob = town.phone("alice", A), town.phone("bob", B)
    town.dial(alice, "bob")
    town.run(5 * PROBE_S)
    assert (standing(alice), standing(bob)) == (1, 1)
    assert town.heard_by(alice, "OPTIONS") and town.heard_by(bob, "OPTIONS")


def test_a_phone_that_forgot_the_call_ends_it() -> None:
    town = Town()
    alice, bob = town.phone("alice", A), town.phone("bob", B)
    call = town.dial(alice, "bob")
    town.run(2)
    town.nodes.pop(bob.address)
    town.phone("bob", B)
    alice.agent.reoffer(call, b"hold", town.now)
    town.run(1)
    assert alice.of(Ended)
    assert not town.exchange.busy()


@pytest.mark.parametrize("who", ["caller", "called"])
def test_a_broken_connection_ends_a_ringing_call_at_once(who: str) -> None:
    town = Town(transport="tls")
    alice, bob = town.phone("alice", A), town.phone("bob", B, answers_after=None)
    town.dial(alice, "bob")
    town.run(1)
    town.cut(alice if who == "caller" else bob)
    town.run(1)
    assert (bob if who == "caller" else alice).of(Ended)
    assert not town.exchange.busy()


def test_a_broken_connection_ends_a_standing_call_unless_it_comes_back() -> None:
    town = Town(transport="tls")
    alice, bob = town.phone("alice", A), town.phone("bob", B)
    call = town.dial(alice, "bob")
    town.run(2)
    town.cut(bob)
    town.run(LOST_S - 1)
    assert not alice.of(Ended)
    alice.agent.reoffer(call, b"hold", town.now)
    town.run(0.5)
    assert "480 INVITE" in town.methods()
    town.run(2)
    assert alice.of(Ended)
    assert not town.exchange.busy()


def test_a_call_goes_on_over_the_phones_new_connection() -> None:
    town = Town(transport="tls")
    alice, bob = town.phone("alice", A), town.phone("bob", B)
    call = town.dial(alice, "bob")
    town.run(2)
    town.cut(bob)
    (old,) = bob.flows.values()
    town.centre.flows = {key: flow for key, flow in town.centre.flows.items() if flow.remote != bob.address}
    town.nodes[bob.address] = bob
    bob.flows.clear()
    bob.agent.flow_closed(old.id, "connection-lost", town.now)
    town.run(LOST_S + 5)
    assert (standing(alice), standing(bob)) == (1, 1)
    alice.agent.reoffer(call, b"hold", town.now)
    bob.agent.send_info(bob.last(Established).call, "text/plain", b"here again", town.now)
    town.run(1)
    assert bob.last(OfferReceived).sdp == b"hold"
    assert alice.last(InfoReceived).body == b"here again"


def test_the_wrong_password_registers_nobody() -> None:
    town = Town()
    mallory = town.phone("mallory", A)
    assert mallory.last(RegistrationFailed).reason_key == "wrong-credentials"
    assert not town.exchange.registered("mallory", town.now)


_FAST = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
_FATE = st.one_of(
    st.just(()), st.just((0.01,)), st.lists(st.sampled_from([0.01, 0.3, 0.9]), min_size=1, max_size=2)
)


@_FAST
@given(st.lists(_FATE, max_size=50), st.floats(0, 4), st.booleans())
def test_whatever_is_lost_everybody_agrees_and_nothing_stays(
    fates: list[Sequence[float]], when: float, caller: bool
) -> None:
    town = Town()
    alice, bob = town.phone("alice", A), town.phone("bob", B)
    town.fate = Weather(fates)
    call = town.dial(alice, "bob")

    def hang_up() -> None:
        if caller:
            alice.agent.cancel_or_bye(call, town.now)
        elif bob.of(IncomingInvite):
            bob.agent.cancel_or_bye(bob.last(IncomingInvite).call, town.now)
        else:
            town.at(0.5, hang_up)

    town.at(when, hang_up)
    town.run(QUIET)
    assert standing(alice) == standing(bob) == 0
    assert len(alice.of(Ended)) == 1
    assert not town.exchange.busy()
    assert town.exchange.waiting() == 0
