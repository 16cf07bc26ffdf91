"""A feed with browsers in memory: keys, loss in both directions, reports, bandwidth."""

from __future__ import annotations

import struct

import pytest

from service.media_engine import rtcp
from service.media_engine.bandwidth import CAP
from service.media_engine.feed import FEEDBACK_EVERY_S, KEYFRAME_EVERY_S, NEWCOMER_S
from service.media_engine.incoming import NACK_EVERY_S, NACK_TRIES
from service.media_engine.outgoing import REPEATS_PER_S
from service.media_engine.rtp import TRANSPORT_CC, RtpPacket, pack_extensions, rtp_header
from tests.doubles.engine_peer import Bench, EnginePeer, flowing, marks, vp8


@pytest.fixture
def bench() -> Bench:
    return Bench()


def key_requests(sender: EnginePeer) -> int:
    return sum(isinstance(item, rtcp.KeyframeRequest) for item in sender.told())


def numbers(packets: list[RtpPacket]) -> list[int]:
    """Their picture numbers."""
    return [int.from_bytes(packet.payload[2:4], "big") & 0x7FFF for packet in packets]


def test_pictures_begin_with_a_key(bench: Bench) -> None:
    sender, feed = bench.sender()
    receiver, _ = bench.receiver(feed)
    sender.send_picture(100)
    assert not receiver.pictures()
    sender.send_picture(101, key=True)
    sender.send_picture(102)
    assert marks(receiver.pictures()) == [101, 102]


def test_a_new_receiver_asks_for_a_key(bench: Bench) -> None:
    sender, feed = bench.sender()
    sender.send_picture(100, key=True)
    sender.received()
    bench.receiver(feed)
    assert key_requests(sender) == 1


def test_a_key_is_asked_for_as_soon_as_pictures_come(bench: Bench) -> None:
    sender, feed = bench.sender()
    bench.receiver(feed)
    assert key_requests(sender) == 0
    sender.send_picture(100)
    assert key_requests(sender) == 1


def test_many_wishes_are_one_request(bench: Bench) -> None:
    sender, receiver, _ = flowing(bench)
    bench.pass_time(KEYFRAME_EVERY_S)
    for _ in range(20):
        receiver.send_rtcp(rtcp.picture_loss(1, receiver.ssrcs["video"]))
    assert key_requests(sender) == 1
    sender.send_picture(101)
    bench.pass_time(KEYFRAME_EVERY_S + 0.05)
    assert key_requests(sender) == 1, "none came yet: asked again"
    sender.send_picture(102, key=True, number=2)
    bench.pass_time(1)
    assert key_requests(sender) == 0


def test_newcomers_wait_less(bench: Bench) -> None:
    sender, feed = bench.sender()
    bench.receiver(feed, "bertil")
    sender.send_picture(100)
    sender.send_picture(101, key=True)
    assert key_requests(sender) == 1
    bench.receiver(feed, "cecilia")
    assert key_requests(sender) == 0, "asked for just now"
    bench.pass_time(NEWCOMER_S + 0.02)
    assert key_requests(sender) == 1


def test_fir_is_a_wish_too(bench: Bench) -> None:
    sender, receiver, _ = flowing(bench)
    bench.pass_time(KEYFRAME_EVERY_S)
    body = struct.pack("!IIIB3x", 1, 0, receiver.ssrcs["video"], 1)
    receiver.send_rtcp(struct.pack("!BBH", 0x80 | rtcp.FIR, rtcp.PSFB, len(body) // 4) + body)
    assert key_requests(sender) == 1


def test_what_the_sender_lost_is_asked_for_again(bench: Bench) -> None:
    sender, receiver, _ = flowing(bench)
    sender.send_picture(103, number=4)
    assert sender.told() == [rtcp.Nack(sender.VIDEO, (101, 102))]
    bench.pass_time(NACK_EVERY_S + 0.02)
    assert rtcp.Nack(sender.VIDEO, (101, 102)) in sender.told()
    sender.send_picture(101, number=2)
    sender.send(rtp_header(97, True, 9, 0, sender.RTX) + struct.pack("!H", 102) + vp8(number=3, mark=102))
    packets = receiver.pictures()
    assert marks(packets) == [103, 101, 102]
    first = packets[1].sequence
    assert [packet.sequence for packet in packets] == [first + 2, first, first + 1]
    bench.pass_time(1)
    assert not any(isinstance(item, rtcp.Nack) for item in sender.told())


def test_asking_ends(bench: Bench) -> None:
    sender, _, _ = flowing(bench)
    sender.send_picture(102)
    bench.pass_time(3)
    asked = [item for item in sender.told() if isinstance(item, rtcp.Nack)]
    assert len(asked) == NACK_TRIES


@pytest.mark.parametrize("rtx", [True, False])
def test_what_a_receiver_lost_is_repeated(bench: Bench, rtx: bool) -> None:
    sender, feed = bench.sender()
    receiver, _ = bench.receiver(feed, rtx=rtx)
    sender.send_picture(100, key=True)
    lost = receiver.pictures()[0].sequence + 1
    sender.send_picture(101, number=2)
    bench.port.taken(receiver.address)
    receiver.send_rtcp(rtcp.nack(1, receiver.ssrcs["video"], [lost, lost + 50]))
    (again,) = receiver.received()[0]
    if rtx:
        assert (again.payload_type, again.ssrc) == (97, receiver.ssrcs["rtx"])
        assert again.payload == struct.pack("!H", lost) + vp8(number=2, mark=101)
    else:
        assert (again.payload_type, again.sequence) == (96, lost)
        assert again.payload == vp8(number=2, mark=101)
    assert not any(isinstance(item, rtcp.Nack) for item in sender.told()), "the sender lost nothing"


def test_repeats_are_limited(bench: Bench) -> None:
    sender, receiver, _ = flowing(bench)
    sender.send_picture(101)
    (lost,) = receiver.pictures()
    for _ in range(50):
        receiver.send_rtcp(rtcp.nack(1, receiver.ssrcs["video"], [lost.sequence]) * 20)
    assert len(receiver.received()[0]) <= REPEATS_PER_S


def test_a_key_whose_first_packet_came_late(bench: Bench) -> None:
    sender, feed = bench.sender()
    receiver, _ = bench.receiver(feed)
    sender.send_picture(99)
    sender.send_picture(101, start=False)
    sender.send_picture(102, start=False)
    assert not receiver.pictures()
    sender.send(rtp_header(97, True, 9, 0, sender.RTX) + struct.pack("!H", 100) + vp8(key=True, mark=100))
    assert marks(receiver.pictures()) == [100, 101, 102]


def test_a_pause_leaves_no_hole(bench: Bench) -> None:
    sender, receiver, name = flowing(bench)
    sender.send_picture(101, number=2)
    before = receiver.pictures()
    bench.rooms.adjust("room", "bertil", name, video=False, height=0)
    for number in range(102, 200):
        sender.send_picture(number, number=number - 99)
        sender.send_sound(number)
    packets, _ = receiver.received()
    assert {packet.payload_type for packet in packets} == {111}
    bench.pass_time(KEYFRAME_EVERY_S)
    sender.received()
    bench.rooms.adjust("room", "bertil", name, video=True, height=720)
    assert key_requests(sender) == 1
    sender.send_picture(200, number=101)
    sender.send_picture(201, key=True, number=102)
    sender.send_picture(202, number=103)
    after = receiver.pictures()
    assert marks(after) == [201, 202]
    assert [packet.sequence for packet in after] == [before[-1].sequence + 1, before[-1].sequence + 2]
    assert numbers(before + after) == [2, 3, 4]


def test_a_paused_picture_is_not_repeated_either(bench: Bench) -> None:
    sender, receiver, name = flowing(bench)
    sender.send_picture(101)
    (last,) = receiver.pictures()
    bench.rooms.adjust("room", "bertil", name, video=False, height=0)
    receiver.send_rtcp(rtcp.nack(1, receiver.ssrcs["video"], [last.sequence]))
    assert not receiver.received()[0]


def test_small_pictures_get_the_base_layer(bench: Bench) -> None:
    sender, receiver, name = flowing(bench)
    bench.rooms.adjust("room", "bertil", name, video=True, height=180)
    for number in range(1, 9):
        sender.send_picture(100 + number, number=1 + number, layer=number % 2)
    packets = receiver.pictures()
    assert marks(packets) == [102, 104, 106, 108]
    first = packets[0].sequence
    assert [packet.sequence for packet in packets] == [first, first + 1, first + 2, first + 3]
    assert numbers(packets) == [2, 3, 4, 5]


def test_all_layers_come_back_with_a_key(bench: Bench) -> None:
    sender, receiver, name = flowing(bench)
    bench.rooms.adjust("room", "bertil", name, video=True, height=180)
    sender.send_picture(101, number=2, layer=1)
    bench.pass_time(KEYFRAME_EVERY_S)
    sender.received()
    bench.rooms.adjust("room", "bertil", name, video=True, height=720)
    assert key_requests(sender) == 1
    sender.send_picture(102, number=3, layer=1)
    assert not receiver.pictures()
    sender.send_picture(103, key=True, number=4)
    sender.send_picture(104, number=5, layer=1)
    assert marks(receiver.pictures()) == [103, 104]


def test_both_clocks_are_told_as_they_were(bench: Bench) -> None:
    sender, feed = bench.sender()
    receiver, _ = bench.receiver(feed)
    sender.send_picture(100, key=True, clock=5000)
    sender.send_sound(1)
    receiver.received()
    ntp = rtcp.ntp_time(1_700_000_000.5)
    sender.send_rtcp(rtcp.sender_report(sender.VIDEO, ntp, 5000, 1, 1))
    sender.send_rtcp(rtcp.sender_report(sender.AUDIO, ntp, 960, 1, 1))
    assert receiver.told() == [
        rtcp.SenderReport(receiver.ssrcs["video"], ntp, 5000),
        rtcp.SenderReport(receiver.ssrcs["audio"], ntp, 960),
    ]


def test_a_late_receiver_is_told_the_clock_with_its_first_picture(bench: Bench) -> None:
    sender, feed = bench.sender()
    sender.send_picture(100, key=True, clock=5000)
    sender.send_rtcp(rtcp.sender_report(sender.VIDEO, 77 << 32, 5000, 1, 1))
    receiver, _ = bench.receiver(feed)
    sender.send_picture(101, key=True, clock=8000)
    assert receiver.told() == [rtcp.SenderReport(receiver.ssrcs["video"], 77 << 32, 5000)]


def test_a_sender_that_begins_anew_goes_on_for_the_receiver(bench: Bench) -> None:
    sender, receiver, _ = flowing(bench)
    sender.send_picture(101, number=2, clock=900_000)
    (before,) = receiver.pictures()
    bench.clock.now += 2
    sender.VIDEO = 77
    sender.send_picture(40_000, number=900, clock=12)
    sender.send_picture(40_001, key=True, number=901, clock=3012)
    (after,) = receiver.pictures()
    assert after.ssrc == before.ssrc
    assert after.sequence == before.sequence + 1
    assert after.timestamp == before.timestamp + 2 * 90_000
    sender.send_rtcp(rtcp.sender_report(77, 99 << 32, 3012, 1, 1))
    assert rtcp.SenderReport(receiver.ssrcs["video"], 99 << 32, after.timestamp) in receiver.told()


def test_after_a_long_gap_the_clock_goes_on(bench: Bench) -> None:
    sender, receiver, _ = flowing(bench)
    sender.send_picture(2000, key=True, number=500, clock=9_000_000)
    (after,) = receiver.pictures()
    assert after.timestamp == 9_000_000


def test_the_sender_is_told_what_was_lost(bench: Bench) -> None:
    sender, _, _ = flowing(bench)
    for number in range(101, 301):
        if number % 4:
            sender.send_picture(number)
    sender.received()
    bench.pass_time(1.1)
    (report,) = [item for item in sender.told() if isinstance(item, rtcp.Report)]
    assert report.ssrc == sender.VIDEO
    assert 0.2 < report.fraction / 256 < 0.3
    assert 45 < report.lost < 55


def test_the_sender_is_told_at_once_how_much_it_may_send(bench: Bench) -> None:
    sender, _ = bench.sender()
    sender.send_picture(100)
    assert rtcp.Remb(CAP // 16 * 16, (sender.VIDEO,)) in [
        item._replace(bitrate=item.bitrate // 16 * 16)
        for item in sender.told()
        if isinstance(item, rtcp.Remb)
    ]


@pytest.mark.parametrize("height", [0, 720])
def test_loss_on_either_side_lowers_it(bench: Bench, height: int) -> None:
    sender, receiver, name = flowing(bench)
    bench.rooms.adjust("room", "bertil", name, video=True, height=height)
    report = rtcp.Report(receiver.ssrcs["video"], 128, 10, 1000, 0)
    receiver.send_rtcp(rtcp.receiver_report(1, [report]))
    bench.pass_time(0.6)
    told = [item.bitrate for item in sender.told() if isinstance(item, rtcp.Remb)]
    assert told[-1] == pytest.approx(CAP * 0.75, rel=0.01)


def test_loss_of_who_sees_no_picture_lowers_nothing(bench: Bench) -> None:
    sender, receiver, name = flowing(bench)
    report = rtcp.Report(receiver.ssrcs["video"], 128, 10, 1000, 0)
    receiver.send_rtcp(rtcp.receiver_report(1, [report]))
    bench.rooms.adjust("room", "bertil", name, video=False, height=0)
    bench.pass_time(0.6)
    told = [item.bitrate for item in sender.told() if isinstance(item, rtcp.Remb)]
    assert told[-1] == pytest.approx(CAP, rel=0.01)


def test_padding_leaves_no_hole(bench: Bench) -> None:
    sender, receiver, _ = flowing(bench)
    sender.send(rtp_header(96, False, 101, 0, sender.VIDEO))
    sender.send_picture(102, number=2)
    sender.send(rtp_header(96, False, 103, 0, sender.VIDEO))
    sender.send_picture(104, number=3)
    packets = receiver.pictures()
    assert packets[1].sequence == packets[0].sequence + 1
    assert numbers(packets) == [2, 3]


def test_a_browser_is_told_when_its_packets_came(bench: Bench) -> None:
    bench.rooms.admit("room", "anna")
    client = bench.client()
    offer = client.offer().replace(
        "a=rtpmap:96 VP8/90000",
        f"a=extmap:5 {TRANSPORT_CC}\r\na=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 transport-cc",
    )
    published = bench.rooms.publish("room", "anna", offer)
    assert f"a=extmap:5 {TRANSPORT_CC}" in published.sdp
    client.connect(published.sdp)
    for number in (7, 8, 10):
        extension = pack_extensions([(5, struct.pack("!H", number))])
        client.send(rtp_header(96, False, number, 0, client.VIDEO, extension) + vp8())
    bench.pass_time(FEEDBACK_EVERY_S + 0.05)
    (message,) = [data for data in client.received()[1] if data[:2] == b"\x8f\xcd" or data[:2] == b"\xaf\xcd"]
    assert struct.unpack_from("!HH", message, 12) == (7, 4)


@pytest.mark.parametrize("asked", [True, False])
def test_sound_is_repeated_for_those_who_can(bench: Bench, asked: bool) -> None:
    bench.rooms.admit("room", "anna")
    sender = bench.client()
    opus = "a=rtpmap:111 opus/48000/2"
    offer = sender.offer().replace(opus, f"{opus}\r\na=rtcp-fb:111 nack" if asked else opus)
    published = bench.rooms.publish("room", "anna", offer)
    assert ("a=rtcp-fb:111 nack\r\n" in published.sdp) == asked
    sender.connect(published.sdp)
    receiver, _ = bench.receiver(published.feed)
    sender.send_sound(1)
    sender.send_sound(3)
    assert sender.told() == ([rtcp.Nack(sender.AUDIO, (2,))] if asked else [])
    sender.send_sound(2)
    first = receiver.received()[0][0].sequence
    sender.send_sound(4)
    bench.port.taken(receiver.address)
    receiver.send_rtcp(rtcp.nack(1, receiver.ssrcs["audio"], [first + 3]))
    (again,) = receiver.received()[0]
    assert (again.sequence, again.payload) == (first + 3, b"opus")
