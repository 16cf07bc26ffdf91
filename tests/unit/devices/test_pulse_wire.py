from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from devices import pulse_wire as wire
from devices.pulse_wire import BadPacket, Command


def test_a_command_is_what_libpulse_sends() -> None:
    """As recorded between libpulse 16.1 and its server."""
    body = wire.word(0) + wire.flags(False)
    assert wire.command(Command.CORK_PLAYBACK_STREAM, 3, body).hex() == (
        "00000010ffffffff000000000000000000000000" + "4c00000029" + "4c00000003" + "4c00000000" + "30"
    )


def test_sound_goes_out_on_the_streams_channel() -> None:
    assert wire.sound(5, b"abcd").hex() == "00000004" + "00000005" + "00" * 12 + "61626364"


def test_properties_are_strings_with_their_end() -> None:
    assert wire.properties(application_name="Soft") == (
        b"Ptapplication.name\0" + b"L\0\0\0\x05" + b"x\0\0\0\x05" + b"Soft\0" + b"N"
    )


def test_what_is_asked_for_can_be_read_back() -> None:
    asked = wire.play("sink", "Speaker", rate=48_000, target=7680, request=1920, corked=True)
    _, _, values = wire.parse(wire.command(Command.CREATE_PLAYBACK_STREAM, 1, asked)[20:])
    assert values == [48_000, 1, wire.NONE, "sink", wire.NONE, 1, 7680, 1920, 1920, 0]
    asked = wire.record("mic", "Microphone", rate=48_000, fragment=960)
    _, _, values = wire.parse(wire.command(Command.CREATE_RECORD_STREAM, 1, asked)[20:])
    assert values[:6] == [48_000, 1, wire.NONE, "mic", wire.NONE, 0]
    assert values[6:] == [960, *(0,) * 7, 0, 1]


def test_packets_may_come_in_any_pieces() -> None:
    stream = wire.sound(1, b"xy") + wire.command(Command.REQUEST, 9, wire.word(4)) + wire.sound(2, b"")
    inbox = wire.Inbox()
    found = [packet for byte in stream for packet in inbox.packets(bytes((byte,)))]
    assert found == list(wire.Inbox().packets(stream))
    assert [channel for channel, _ in found] == [1, wire.CONTROL, 2]
    assert wire.parse(found[1][1]) == (Command.REQUEST, 9, [4])


def test_a_request_is_told_apart() -> None:
    asks = wire.command(Command.REQUEST, wire.NONE, wire.word(7) + wire.word(1920))[20:]
    assert wire.requested(asks) == 1920
    assert wire.requested(asks[:-1]) is None
    assert (
        wire.requested(wire.command(Command.UNDERFLOW, wire.NONE, wire.word(7) + wire.word(1920))[20:])
        is None
    )


def test_a_packet_without_end_is_no_packet() -> None:
    with pytest.raises(BadPacket):
        list(wire.Inbox().packets(b"\xff" * 20))


@given(st.binary(max_size=80))
@example(b"m")
def test_any_bytes_are_read_or_refused(payload: bytes) -> None:
    try:
        wire.parse(payload)
        wire.parse(b"L\0\0\0\x02L\0\0\0\x01" + payload)
    except BadPacket:
        pass


def test_values_of_all_types_are_read_until_one_that_says_nothing() -> None:
    body = wire.word(1) + b"U" + bytes(7) + b"\x02" + b"10" + wire.text("é") + b"N" + wire.MONO + b"P" + b"L"
    assert wire.parse(wire.command(Command.REPLY, 1, body)[20:])[2] == [1, 2, 1, 0, "é", None, 1]
