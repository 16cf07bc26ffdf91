"""Sound that was lost is asked for while it can still be heard."""

from __future__ import annotations

from media.types import AudioPacket
from softphone.adapters.meeting_publisher import with_repeats
from softphone.adapters.meeting_repeats import AGAIN_S, LONGEST_HOLE, PATIENCE_S, MissingSound

WRAP = 1 << 16


def packet(sequence: int, at: float, *, restart: bool = False) -> AudioPacket:
    return AudioPacket(sequence, 960 * sequence, 111, b"x", at, restart=restart)


def hole(*missing: int, at: float = 1.0) -> MissingSound:
    """Packets up to the last missing one and the one behind it have come, but for these."""
    sound = MissingSound()
    first = missing[0] - 1
    for sequence in range(first, missing[-1] + 2):
        if sequence not in missing:
            sound.came(packet(sequence, at, restart=sequence == first))
    return sound


def test_what_is_missing_is_asked_for_at_once_and_again_until_it_is_too_late() -> None:
    sound = hole(WRAP + 5, WRAP + 7)
    assert sound.due(1.0) == (5, 7)
    assert sound.due(1.0 + AGAIN_S / 2) == ()
    assert sound.due(1.0 + AGAIN_S) == (5, 7)
    assert sound.due(1.0 + PATIENCE_S + 0.01) == ()
    assert not sound.repeated(5)


def test_what_came_is_not_asked_for_again() -> None:
    sound = hole(WRAP + 5, WRAP + 7)
    sound.due(1.0)
    assert sound.repeated(5)
    sound.came(packet(WRAP + 5, 1.03))
    assert not sound.repeated(5)
    assert sound.due(1.0 + AGAIN_S) == (7,)


def test_a_packet_out_of_order_that_nobody_asked_for_is_no_repeat() -> None:
    assert not hole(WRAP + 5).repeated(5)


def test_numbers_go_on_beyond_their_sixteen_bits() -> None:
    sound = hole(2 * WRAP - 1, 2 * WRAP)
    assert sound.due(1.0) == (WRAP - 1, 0)
    assert sound.repeated(0)


def test_an_outage_and_a_new_source_leave_nothing_to_ask_for() -> None:
    sound = hole(WRAP + 5)
    sound.came(packet(WRAP + 8 + LONGEST_HOLE, 2.0))
    assert sound.due(2.0) == ()
    sound = hole(WRAP + 5)
    sound.came(packet(WRAP + 900, 1.0, restart=True))
    assert sound.due(1.0) == ()


def test_our_offer_says_that_sound_can_be_asked_for_again() -> None:
    offer = "m=audio 9 x 96\r\na=rtpmap:96 opus/48000/2\r\nm=video 9 x 97\r\na=rtpmap:97 VP8/90000\r\n"
    assert with_repeats(offer) == offer.replace("opus/48000/2\r\n", "opus/48000/2\r\na=rtcp-fb:96 nack\r\n")
