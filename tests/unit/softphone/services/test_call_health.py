"""Trouble with a call's sound is told within three seconds, with its side, and goes with its cause."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from softphone.domain.call import Call, CallState, Direction, Party
from softphone.domain.quality import CallQuality, Trouble
from softphone.services.call_health import PAUSE_S, PERIOD_S, CallHealth, Devices

TALKING = Call("1", Direction.OUTGOING, Party("sip:aino@example.com"), CallState.ACTIVE)
FINE = CallQuality(4.3, 0.0, 3.0, 20.0, 0.0, received_level_dbfs=-30.0, sent_level_dbfs=-30.0)
WITHIN_S = 3.0

Change = Callable[[CallQuality], CallQuality]


class Watched:
    """A call that is looked at as the program does it; packets flow both ways unless a test stops them."""

    def __init__(self) -> None:
        self.now = 100.0
        self.health = CallHealth(self.now)
        self.call = TALKING
        self.devices = Devices()
        self.quality = FINE
        self.sends = self.receives = True
        self.told: Trouble | None = None

    def go_on(self, seconds: float) -> Trouble | None:
        for _ in range(round(seconds / PERIOD_S)):
            self.now += PERIOD_S
            self.quality = replace(
                self.quality,
                packets_sent=self.quality.packets_sent + 25 * self.sends,
                packets_received=self.quality.packets_received + 25 * self.receives,
            )
            if self.devices.zero_for_s:
                self.devices = replace(self.devices, zero_for_s=self.devices.zero_for_s + PERIOD_S)
            self.told = self.health.look(self.call, self.quality, self.devices, self.now)
        return self.told


@pytest.fixture
def watched() -> Watched:
    call = Watched()
    assert call.go_on(5) is None
    return call


def _silence(call: Watched) -> None:
    call.receives = False


def _stop_sending(call: Watched) -> None:
    call.sends = False


def _zeros(call: Watched) -> None:
    call.devices = replace(call.devices, zero_for_s=0.01)


def _no_microphone(call: Watched) -> None:
    call.devices = replace(call.devices, microphone=False)


def _other_microphone(call: Watched) -> None:
    call.devices = replace(call.devices, instead_of_microphone=True)


def _other_speaker(call: Watched) -> None:
    call.devices = replace(call.devices, instead_of_speaker=True)


def _they_lose(call: Watched) -> None:
    call.quality = replace(call.quality, remote_loss_percent=12.0)


def _we_lose(call: Watched) -> None:
    call.quality = replace(call.quality, concealed_percent=12.0)


CAUSES = [
    (_no_microphone, Trouble.NO_MICROPHONE),
    (_zeros, Trouble.MICROPHONE_SILENT),
    (_stop_sending, Trouble.NOTHING_SENT),
    (_silence, Trouble.NOTHING_ARRIVES),
    (_other_microphone, Trouble.OTHER_MICROPHONE),
    (_other_speaker, Trouble.OTHER_SPEAKER),
    (_they_lose, Trouble.THEY_LOSE_SOUND),
    (_we_lose, Trouble.WE_LOSE_SOUND),
]


@pytest.mark.parametrize(("cause", "trouble"), CAUSES)
def test_trouble_is_told_within_three_seconds(
    watched: Watched, cause: Callable[[Watched], None], trouble: Trouble
) -> None:
    cause(watched)
    assert watched.go_on(1.5) is None, "a hiccup says nothing"
    assert watched.go_on(WITHIN_S - 1.5) is trouble


@pytest.mark.parametrize(("cause", "trouble"), CAUSES)
def test_trouble_goes_with_its_cause(
    watched: Watched, cause: Callable[[Watched], None], trouble: Trouble
) -> None:
    cause(watched)
    assert watched.go_on(4) is trouble
    watched.sends = watched.receives = True
    watched.devices = Devices()
    watched.quality = replace(FINE, packets_sent=10**6, packets_received=10**6)
    assert watched.go_on(PERIOD_S) is None


def test_a_far_end_never_heard_is_told_at_once_and_a_pause_is_not(watched: Watched) -> None:
    never = Watched()
    never.quality = replace(FINE, received_level_dbfs=-96.0)
    assert never.go_on(WITHIN_S) is Trouble.ARRIVES_SILENT
    watched.quality = replace(watched.quality, received_level_dbfs=-96.0)
    assert watched.go_on(PAUSE_S) is None
    assert watched.go_on(WITHIN_S) is Trouble.ARRIVES_SILENT


def test_nothing_arriving_is_not_called_silent(watched: Watched) -> None:
    watched.receives = False
    watched.quality = replace(watched.quality, received_level_dbfs=-96.0)
    assert watched.go_on(30) is Trouble.NOTHING_ARRIVES


def test_a_muted_call_says_nothing_of_the_microphone(watched: Watched) -> None:
    watched.call = replace(TALKING, muted=True)
    _zeros(watched)
    assert watched.go_on(10) is None
    watched.call = TALKING
    assert watched.go_on(PERIOD_S) is Trouble.MICROPHONE_SILENT


@pytest.mark.parametrize("ours", [True, False])
def test_on_hold_silence_is_right(watched: Watched, ours: bool) -> None:
    watched.sends = watched.receives = False
    watched.call = replace(TALKING, held=ours, remote_held=not ours)
    assert watched.go_on(60) is None
    watched.call = TALKING
    assert watched.go_on(1.5) is None, "after the hold it is judged anew"
    assert watched.go_on(1.5) is Trouble.NOTHING_SENT


def test_of_two_troubles_the_one_nearer_to_the_person_is_told(watched: Watched) -> None:
    _we_lose(watched)
    assert watched.go_on(4) is Trouble.WE_LOSE_SOUND
    _zeros(watched)
    assert watched.go_on(4) is Trouble.MICROPHONE_SILENT


def test_a_loss_that_hovers_is_told_without_flicker(watched: Watched) -> None:
    _we_lose(watched)
    assert watched.go_on(4) is Trouble.WE_LOSE_SOUND
    watched.quality = replace(watched.quality, concealed_percent=5.0)
    assert watched.go_on(4) is Trouble.WE_LOSE_SOUND
    watched.quality = replace(watched.quality, concealed_percent=3.0)
    assert watched.go_on(PERIOD_S) is None
    watched.quality = replace(watched.quality, concealed_percent=5.0)
    assert watched.go_on(4) is None


def test_a_source_that_starts_anew_still_counts_as_arriving(watched: Watched) -> None:
    watched.quality = replace(watched.quality, packets_received=1)
    assert watched.go_on(4) is None
