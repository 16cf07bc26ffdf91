"""Rooms with browsers in memory: who gets what, and how fast it ends."""

from __future__ import annotations

import pytest

from service.domain.errors import EngineError
from service.media_engine import rtcp
from service.media_engine.peer import CONNECT_S, MAX_ADDRESSES, MAX_EARLY, SILENT_S
from service.media_engine.rooms import MAX_SUBSCRIPTIONS
from service.usecases.engine import FeedEnded, Member, SubscriptionEnded
from tests.doubles.engine_peer import Bench, EnginePeer


@pytest.fixture
def bench() -> Bench:
    return Bench()


def flowing(bench: Bench) -> tuple[EnginePeer, str, EnginePeer, str]:
    """Anna sends, Bertil receives, ten pictures have gone by."""
    sender, feed = bench.sender()
    receiver, subscription = bench.receiver(feed)
    for number in range(10):
        sender.send_picture(100 + number, key=not number, number=number + 1)
        sender.send_sound(500 + number)
    return sender, feed, receiver, subscription


def test_what_one_sends_the_other_gets(bench: Bench) -> None:
    _, _, receiver, _ = flowing(bench)
    packets, _ = receiver.received()
    video = [packet for packet in packets if packet.payload_type == 96]
    audio = [packet for packet in packets if packet.payload_type == 111]
    assert [packet.payload[-1] for packet in video] == list(range(100, 110))
    assert {packet.ssrc for packet in video} == {receiver.ssrcs["video"]}
    assert {packet.ssrc for packet in audio} == {receiver.ssrcs["audio"]}
    assert len(audio) == 10
    assert {packet.extensions[1] for packet in video} == {b"1"}
    assert {packet.extensions[1] for packet in audio} == {b"0"}
    numbers = [packet.sequence for packet in video]
    assert numbers == list(range(numbers[0], numbers[0] + 10))


def test_how_loud_it_is_goes_along(bench: Bench) -> None:
    sender, feed = bench.sender()
    receiver, _ = bench.receiver(feed)
    sender.send_sound(1, level=0x85)
    assert receiver.received()[0][0].extensions[2] == b"\x85"


def test_nothing_goes_out_after_removal(bench: Bench) -> None:
    sender, _, receiver, _ = flowing(bench)
    receiver.received()
    bench.rooms.remove("room", "bertil")
    goodbye = bench.port.taken(receiver.address)
    assert [data[0] for data in goodbye] == [21]  # DTLS's close_notify, nothing else
    sender.send_picture(110)
    bench.pass_time(3)
    assert not bench.port.taken(receiver.address)
    assert bench.rooms.members() == (Member("room", "anna", bench.rooms.members()[0].feed),)


def test_a_removed_sender_is_not_heard(bench: Bench) -> None:
    sender, _, receiver, _ = flowing(bench)
    receiver.received()
    bench.rooms.remove("room", "anna")
    bench.port.taken(receiver.address)
    sender.send_picture(110, key=True)
    sender.send_sound(510)
    assert not bench.port.taken(receiver.address)
    assert bench.rooms.members() == (Member("room", "bertil"),)
    assert not bench.events, "whoever removes knows"


def test_the_port_forgets_who_went(bench: Bench) -> None:
    flowing(bench)
    bench.rooms.close()
    assert not bench.port.peers()
    assert bench.rooms.members() == ()


def test_unpublish_ends_the_subscriptions_too(bench: Bench) -> None:
    flowing(bench)
    bench.rooms.unpublish("room", "anna")
    assert bench.rooms.members() == (Member("room", "anna"), Member("room", "bertil"))
    assert not bench.port.peers()


def test_a_silent_sender_is_dead(bench: Bench) -> None:
    _, feed, receiver, _ = flowing(bench)
    bench.pass_time(SILENT_S - 1)
    assert not bench.events
    bench.pass_time(1.5)
    assert FeedEnded("room", feed) in bench.events
    assert bench.port.taken(receiver.address)


def test_checks_are_signs_of_life(bench: Bench) -> None:
    sender, feed = bench.sender()
    client = bench.client()
    offered = bench.rooms.subscribe("room", "anna", feed, video=True, height=0)
    bench.rooms.answer("room", "anna", offered.subscription, client.answer(offered.sdp))
    client.connect(offered.sdp)
    for number in range(3):
        bench.pass_time(SILENT_S - 1)
        client.check(offered.sdp)
        sender.send_sound(number)
    assert not bench.events


def test_who_never_connects_is_given_up(bench: Bench) -> None:
    bench.rooms.admit("room", "anna")
    feed = bench.rooms.publish("room", "anna", bench.client().offer()).feed
    bench.pass_time(CONNECT_S + 0.1)
    assert bench.events == [FeedEnded("room", feed)]


def test_an_offer_nobody_answers_ends(bench: Bench) -> None:
    sender, feed = bench.sender()
    offered = bench.rooms.subscribe("room", "anna", feed, video=True, height=0)
    for number in range(3):
        bench.pass_time(6)
        sender.send_sound(number)
    assert bench.events == [SubscriptionEnded("room", offered.subscription)]


def test_hanging_up_ends_it_at_once(bench: Bench) -> None:
    sender, feed, receiver, subscription = flowing(bench)
    receiver.hang_up()
    assert bench.events == [SubscriptionEnded("room", subscription)]
    sender.hang_up()
    assert bench.events[1:] == [FeedEnded("room", feed)]


def test_the_wrong_certificate_gets_no_keys(bench: Bench) -> None:
    bench.rooms.admit("room", "anna")
    client = bench.client()
    client.fingerprint = "AB:" * 31 + "AB"
    published = bench.rooms.publish("room", "anna", client.offer())
    client.check(published.sdp)
    client.shake_hands()
    assert bench.events == [FeedEnded("room", published.feed)]


def test_a_check_with_the_wrong_password_is_ignored(bench: Bench) -> None:
    bench.rooms.admit("room", "anna")
    client = bench.client()
    published = bench.rooms.publish("room", "anna", client.offer())
    client.check(published.sdp, password="something else entirely")
    assert not bench.port.taken(client.address)
    client.check(published.sdp)
    assert bench.port.taken(client.address)


def test_a_lite_agent_is_always_controlled(bench: Bench) -> None:
    bench.rooms.admit("room", "anna")
    client = bench.client()
    published = bench.rooms.publish("room", "anna", client.offer())
    client.check(published.sdp, controlled=True)
    (refusal,) = bench.port.taken(client.address)
    assert refusal[:2] == b"\x01\x11"
    assert b"\x04\x57Role Conflict" in refusal


def test_one_peer_has_few_addresses(bench: Bench) -> None:
    bench.rooms.admit("room", "anna")
    client = bench.client()
    published = bench.rooms.publish("room", "anna", client.offer())
    for number in range(MAX_ADDRESSES + 5):
        client.address = ("198.51.100.9", 1000 + number)
        client.check(published.sdp)
    assert len(bench.port.sent) == MAX_ADDRESSES


def test_an_address_that_moves_is_followed(bench: Bench) -> None:
    sender, feed = bench.sender()
    bench.rooms.admit("room", "bertil")
    client = bench.client()
    offered = bench.rooms.subscribe("room", "bertil", feed, video=True, height=0)
    bench.rooms.answer("room", "bertil", offered.subscription, client.answer(offered.sdp))
    client.connect(offered.sdp)
    client.address = ("203.0.113.5", 999)
    client.check(offered.sdp)
    sender.send_sound(1)
    assert len(client.received()[0]) == 1


def test_a_receiver_may_begin_before_its_answer_is_here(bench: Bench) -> None:
    sender, feed = bench.sender()
    client = bench.client()
    offered = bench.rooms.subscribe("room", "anna", feed, video=True, height=0)
    answer = client.answer(offered.sdp)
    client.check(offered.sdp)
    assert bench.port.taken(client.address), "the check is answered already"
    client.shake_hands()
    assert not bench.port.taken(client.address), "but no handshake with somebody unknown"
    bench.rooms.answer("room", "anna", offered.subscription, answer)
    client.shake_hands()
    client.set_keys()
    sender.send_sound(1)
    assert len(client.received()[0]) == 1


def test_little_is_kept_of_who_begins_early(bench: Bench) -> None:
    _, feed = bench.sender()
    client = bench.client()
    offered = bench.rooms.subscribe("room", "anna", feed, video=True, height=0)
    client.check(offered.sdp)
    for _ in range(100):
        bench.port.receive(b"\x16" + bytes(1200), client.address)
    client.answer(offered.sdp)
    assert sum(len(peer._early) for peer in bench.port.peers()) == MAX_EARLY


@pytest.mark.parametrize("setup", ["passive", "actpass", ""])
def test_the_receiver_must_begin_dtls(bench: Bench, setup: str) -> None:
    _, feed = bench.sender()
    client = bench.client()
    offered = bench.rooms.subscribe("room", "anna", feed, video=True, height=0)
    with pytest.raises(EngineError):
        bench.rooms.answer("room", "anna", offered.subscription, client.answer(offered.sdp, setup=setup))


def test_an_answer_counts_once(bench: Bench) -> None:
    _, feed = bench.sender()
    client = bench.client()
    offered = bench.rooms.subscribe("room", "anna", feed, video=True, height=0)
    answer = client.answer(offered.sdp)
    bench.rooms.answer("room", "anna", offered.subscription, answer)
    with pytest.raises(EngineError):
        bench.rooms.answer("room", "anna", offered.subscription, answer)


def test_a_bad_offer_leaves_the_former_feed(bench: Bench) -> None:
    _, feed, _, _ = flowing(bench)
    with pytest.raises(EngineError):
        bench.rooms.publish("room", "anna", "v=0\r\n")
    assert bench.rooms.members()[0].feed == feed


def test_one_member_has_not_endless_subscriptions(bench: Bench) -> None:
    _, feed = bench.sender()
    for _ in range(MAX_SUBSCRIPTIONS):
        bench.rooms.subscribe("room", "anna", feed, video=True, height=0)
    with pytest.raises(EngineError):
        bench.rooms.subscribe("room", "anna", feed, video=True, height=0)


def test_a_flood_of_sources_is_bounded(bench: Bench) -> None:
    sender, feed = bench.sender()
    receiver, _ = bench.receiver(feed)
    sender.received()
    for number in range(200):
        sender.VIDEO = 5000 + number
        sender.send_picture(1, key=True)
    assert len(receiver.pictures()) <= 16


def test_a_fault_of_ours_costs_one_peer(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    sender, feed, receiver, subscription = flowing(bench)
    receiver.received()

    def broken(_: bytes) -> None:
        raise RuntimeError("broken")

    victim = next(peer for peer in bench.port.peers() if peer.address == receiver.address)
    victim.on_rtcp = broken
    receiver.send_rtcp(rtcp.picture_loss(1, 1))
    assert bench.events == [SubscriptionEnded("room", subscription)]
    assert bench.rooms.members()[0].feed == feed
    sender.send_sound(600)
    assert "broke something" in caplog.text
    caplog.clear()
