"""Streams of a sound server that a test plays, by a clock on paper."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from devices import pulse_wire as wire
from devices.callback import STALL_S, START_S
from devices.pulse_link import PulseLink
from devices.pulse_stream import BLOCK, CAPACITY, PulseCapture, PulsePlayout
from devices.pulse_wire import Command
from devices.types import DeviceFailure, Pcm
from tests.doubles.clock import FakeClock
from tests.doubles.pulse_server import CHANNEL, LENGTH, PulseServer, sizes, usec

Serve = Callable[..., PulseServer]


@pytest.fixture
def serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    monkeypatch.setenv("PULSE_COOKIE", str(tmp_path / "none"))
    servers: list[PulseServer] = []

    def started(refuses: int | None = None) -> PulseServer:
        servers.append(PulseServer(tmp_path, refuses))
        return servers[-1]

    yield started
    for server in servers:
        server.hang_up()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def counted(samples: int, start: int = 0) -> Pcm:
    return np.arange(start, start + samples, dtype=np.int16)


def alive(stream: PulseCapture | PulsePlayout) -> bool:
    """Asked anew each time."""
    return stream.alive


# --- the microphone -------------------------------------------------------------------------------------


def test_what_was_recorded_is_there_when_somebody_looks(serve: Serve, clock: FakeClock) -> None:
    server = serve()
    microphone = PulseCapture(server.address, "mic", clock.monotonic)
    assert server.commands == [Command.AUTH, Command.SET_CLIENT_NAME, Command.CREATE_RECORD_STREAM]
    assert microphone.available() == 0
    server.say(wire.sound(CHANNEL, counted(BLOCK).tobytes()))
    server.say(wire.sound(CHANNEL, counted(BLOCK, BLOCK).tobytes()))
    assert microphone.available() == 2 * BLOCK
    assert microphone.read(2 * BLOCK + 2).tolist() == [*range(2 * BLOCK), 0, 0]
    microphone.close()
    microphone.close()
    assert not alive(microphone)


def test_what_nobody_fetches_is_lost_and_counted(serve: Serve, clock: FakeClock) -> None:
    server = serve()
    microphone = PulseCapture(server.address, "mic", clock.monotonic)
    for _ in range(CAPACITY // BLOCK + 1):
        server.say(wire.sound(CHANNEL, bytes(2 * BLOCK)))
        microphone.available()
    assert (microphone.available(), microphone.overflows) == (CAPACITY, 1)
    microphone.close()


def test_a_microphone_that_gives_nothing_any_more_is_dead(serve: Serve, clock: FakeClock) -> None:
    server = serve()
    microphone = PulseCapture(server.address, "mic", clock.monotonic)
    clock.advance(START_S - 0.1)
    assert alive(microphone)
    server.say(wire.sound(CHANNEL, bytes(2 * BLOCK)))
    clock.advance(0.2)
    assert alive(microphone)  # it was nobody who looked
    clock.advance(STALL_S)
    assert not alive(microphone)
    microphone.close()


def test_a_stream_that_the_server_ends_is_dead(serve: Serve, clock: FakeClock) -> None:
    server = serve()
    microphone = PulseCapture(server.address, "mic", clock.monotonic)
    server.tell(Command.RECORD_STREAM_KILLED)
    assert (microphone.available(), microphone.alive) == (0, False)
    microphone.close()


def test_a_server_that_goes_or_talks_nonsense_ends_the_stream(serve: Serve, clock: FakeClock) -> None:
    for last in (b"", b"\xff" * 20):
        server = serve()
        microphone = PulseCapture(server.address, "mic", clock.monotonic)
        server.say(last)
        server.hang_up()
        microphone.available()
        assert not alive(microphone)
        microphone.close()
        Path(server.address.removeprefix("unix:")).unlink()


# --- the speaker ----------------------------------------------------------------------------------------


def speaker_of(server: PulseServer, clock: FakeClock, *, waits: bool = False) -> PulsePlayout:
    return PulsePlayout(server.address, "sink", clock.monotonic, waits=waits)


def test_what_is_written_leaves_at_once(serve: Serve, clock: FakeClock) -> None:
    server = serve()
    speaker = speaker_of(server, clock)
    assert speaker.write(counted(BLOCK)) == BLOCK
    server.hears(BLOCK)
    assert np.frombuffer(server.played, np.int16).tolist() == list(range(BLOCK))
    speaker.close()
    assert not alive(speaker)


def test_what_the_device_takes_at_once_is_not_counted_as_queued(serve: Serve, clock: FakeClock) -> None:
    server = serve()
    speaker = speaker_of(server, clock)
    for _ in range(3):
        speaker.write(counted(BLOCK))
    assert speaker.takes == 2 * BLOCK
    assert speaker.queued() == 2 * BLOCK
    server.asks_for(2 * BLOCK)
    assert speaker.queued() == 0
    server.tell(Command.PLAYBACK_BUFFER_ATTR_CHANGED, sizes(LENGTH + BLOCK, 10_000))
    assert speaker.queued() == 2 * BLOCK
    moved = wire.word(1) + wire.text("other") + wire.flags(False)
    server.tell(Command.PLAYBACK_STREAM_MOVED, moved + sizes(LENGTH, 30_000))
    assert speaker.queued() == 0
    speaker.close()


def test_more_than_the_server_asked_for_waits_here(serve: Serve, clock: FakeClock) -> None:
    server = serve()
    speaker = speaker_of(server, clock)
    for number in range(8):
        assert speaker.write(counted(BLOCK, number * BLOCK)) == BLOCK
    server.hears(LENGTH)
    assert len(server.played) == 2 * LENGTH
    assert speaker.queued() == 7 * BLOCK
    server.asks_for(2 * BLOCK)
    assert speaker.queued() == 5 * BLOCK
    server.hears(8 * BLOCK)
    assert np.frombuffer(server.played, np.int16).tolist() == list(range(8 * BLOCK))
    assert speaker.write(np.zeros(2 * CAPACITY, np.int16)) == CAPACITY
    speaker.close()


def test_a_speaker_that_waits_sounds_from_its_begin_on(serve: Serve, clock: FakeClock) -> None:
    server = serve()
    speaker = speaker_of(server, clock, waits=True)
    speaker.write(counted(BLOCK))
    clock.advance(60)
    assert alive(speaker)
    speaker.begin()
    speaker.begin()
    server.hears(BLOCK)
    assert server.commands.count(Command.CORK_PLAYBACK_STREAM) <= 1  # more may be on their way
    assert alive(speaker)
    server.hang_up()
    speaker.queued()
    assert not alive(speaker)
    speaker.close()


def test_a_speaker_that_has_gone_does_not_begin(serve: Serve, clock: FakeClock) -> None:
    server = serve()
    speaker = speaker_of(server, clock, waits=True)
    server.tell(Command.PLAYBACK_STREAM_KILLED)
    speaker.queued()
    with pytest.raises(DeviceFailure):
        speaker.begin()
    speaker.close()


def test_a_speaker_that_takes_nothing_of_what_is_queued_is_dead(serve: Serve, clock: FakeClock) -> None:
    server = serve()
    speaker = speaker_of(server, clock)
    clock.advance(10)
    assert alive(speaker)  # nothing was there to take
    speaker.write(counted(BLOCK))
    speaker.write(counted(BLOCK))
    clock.advance(STALL_S / 2)
    server.asks_for(BLOCK)
    clock.advance(STALL_S)
    assert alive(speaker)  # it was nobody who looked
    clock.advance(STALL_S)
    assert not alive(speaker)
    speaker.close()


def test_the_servers_word_on_an_empty_queue_counts(serve: Serve, clock: FakeClock) -> None:
    server = serve()
    speaker = speaker_of(server, clock)
    assert speaker.underflows == 0
    server.tell(Command.UNDERFLOW)
    assert speaker.underflows == 1
    speaker.close()


# --- opening --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("code", "reason"), [(5, "not there"), (99, "error 99")])
def test_a_refusal_is_told_in_words(serve: Serve, clock: FakeClock, code: int, reason: str) -> None:
    with pytest.raises(DeviceFailure, match=f"nothing can't be opened: {reason}"):
        PulseCapture(serve(code).address, "nothing", clock.monotonic)


@pytest.mark.parametrize(
    "address", ["", "/nowhere/native", "unix:/nowhere", "{whose}unix:/nowhere", "tcp:[::1]:x"]
)
def test_without_a_server_nothing_opens(address: str) -> None:
    with pytest.raises(DeviceFailure, match="no sound server at"):
        PulseLink(address)


def test_an_answer_that_says_nothing_is_a_failure(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    server = serve()
    monkeypatch.setattr(server, "_answer", lambda number: usec(1))
    link = PulseLink(server.address)
    with pytest.raises(DeviceFailure, match="something else"):
        link.play("sink", target=8 * BLOCK, request=BLOCK, corked=False)


def test_the_first_server_of_a_list_that_answers_is_used(serve: Serve, clock: FakeClock) -> None:
    server = serve()
    microphone = PulseCapture(f"unix:/nowhere {{other}}{server.address}", "mic", clock.monotonic)
    assert alive(microphone)
    microphone.close()


def test_the_cookie_proves_the_person(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cookie").write_bytes(b"c" * 300)
    monkeypatch.setenv("PULSE_COOKIE", str(tmp_path / "cookie"))
    sent: list[bytes] = []

    def credentials(cookie: bytes) -> bytes:
        sent.append(cookie)
        return wire.word(wire.VERSION)

    monkeypatch.setattr(wire, "credentials", credentials)
    link = PulseLink((server := serve()).address)
    link.record("mic", BLOCK)
    link.close()
    assert (sent, server.commands[0]) == ([b"c" * wire.COOKIE_LENGTH], Command.AUTH)
