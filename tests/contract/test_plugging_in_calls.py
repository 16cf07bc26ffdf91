"""Devices pulled out and plugged in again in every state of a call: the call lives, and everything is heard
where it belongs before, meanwhile and after."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

import pytest

from softphone.adapters.role_stream import RETRY_S
from softphone.adapters.voice_loop import LINGER_S
from softphone.domain.call import CallState, EndReason, TransferState
from softphone.ports import CallTransferProgress
from tests.doubles.call_desk import DEVICES, CallDesk, call_desk
from tests.doubles.virtual_time import run_virtually
from tests.lab.faults import assert_none_logged

SETTLED_S = 0.3
"""A jitter buffer and a stream have begun by then."""
ONE, TWO = "call-1", "call-2"
CHOICES: dict[str, tuple[str, ...]] = {
    "microphone": ("Mic",),
    "speaker": ("Ear",),
    "ring": ("Bell",),
    "alert": ("Clip",),
    "the two best": ("Mic", "Webcam", "Ear", "Speakers"),
    "all of them": ("Mic", "Ear", "Bell", "Clip"),
    "everything": tuple(DEVICES),
}


@dataclass(frozen=True)
class Moment:
    """A state of calls. `ear`: what the ear hears; `speaks_to`: who hears the microphone; `seconds`: how long
    to listen until all of it was heard."""

    reach: Callable[[CallDesk], Awaitable[None]]
    states: tuple[CallState, ...]
    ear: frozenset[str] = frozenset()
    speaks_to: tuple[str, ...] = ()
    rings: bool = False
    seconds: float = 0.4


async def dial(desk: CallDesk) -> None:
    await desk.calls.dial("0401234567")


async def early(desk: CallDesk) -> None:
    await dial(desk)
    desk.telephony.far_end_rings(ONE)


async def early_media(desk: CallDesk) -> None:
    await dial(desk)
    desk.telephony.far_end_rings(ONE, early_media=True)


async def ringing(desk: CallDesk) -> None:
    desk.telephony.incoming()


async def talk(desk: CallDesk) -> None:
    await dial(desk)
    desk.telephony.establish(ONE)


async def hold(desk: CallDesk) -> None:
    await talk(desk)
    await asyncio.sleep(1)
    await desk.calls.hold(ONE)


async def second_call(desk: CallDesk) -> None:
    await talk(desk)
    await asyncio.sleep(1)
    desk.telephony.incoming("0507654321")
    assert await desk.listen(1.0) == {"Ear": {ONE}, "Clip": {"service tone"}, ONE: {"Mic"}}


async def blind_transfer(desk: CallDesk) -> None:
    await talk(desk)
    await desk.calls.transfer(ONE, "0507654321")


async def attended_transfer(desk: CallDesk) -> None:
    await talk(desk)
    await desk.calls.dial("0507654321")
    desk.telephony.establish(TWO)
    await desk.calls.transfer_to_call(ONE, TWO)


async def ending(desk: CallDesk) -> None:
    await talk(desk)
    await asyncio.sleep(1)
    await desk.calls.hang_up(ONE)


ACTIVE = CallState.ACTIVE
MOMENTS = {
    "dial": Moment(dial, (CallState.DIALLING,)),
    "early": Moment(early, (CallState.EARLY,), frozenset({"service tone"}), seconds=5.2),
    "early media": Moment(early_media, (CallState.EARLY,), frozenset({ONE}), (ONE,)),
    "ringing": Moment(ringing, (CallState.RINGING,), rings=True, seconds=3.2),
    "talk": Moment(talk, (ACTIVE,), frozenset({ONE}), (ONE,)),
    "hold": Moment(hold, (ACTIVE,)),
    "second call": Moment(second_call, (ACTIVE, CallState.RINGING), frozenset({ONE}), (ONE,)),
    "blind transfer": Moment(blind_transfer, (ACTIVE,), frozenset({ONE}), (ONE,)),
    "attended transfer": Moment(attended_transfer, (ACTIVE, ACTIVE), frozenset({TWO}), (TWO,)),
    "ending": Moment(ending, (CallState.ENDING,), frozenset({ONE}), (ONE,)),
}


def expected(moment: Moment, gone: tuple[str, ...] = ()) -> dict[str, set[str]]:
    """What is heard where while these devices are not there."""

    def first(*names: str) -> str:
        return next((name for name in names if name not in gone), "")

    ear, microphone = first("Ear", "Speakers", "Laptop"), first("Mic", "Webcam", "Laptop")
    heard: dict[str, set[str]] = {}
    if ear and moment.ear:
        heard[ear] = set(moment.ear)
    if microphone:
        heard |= {call: {microphone} for call in moment.speaks_to}
    if moment.rings:
        heard |= {name: {"ring"} for name in ("Bell", "Gong") if name not in gone}
    return heard


async def heard_now(desk: CallDesk, moment: Moment) -> dict[str, set[str]]:
    await asyncio.sleep(SETTLED_S)
    return await desk.listen(moment.seconds)


def alive(desk: CallDesk, moment: Moment) -> bool:
    return tuple(call.state for call in desk.calls.calls()) == moment.states


async def everybody_hangs_up(desk: CallDesk) -> None:
    for call in desk.calls.calls():
        desk.telephony.end(call.id, EndReason.REMOTE_HUNG_UP)
    await asyncio.sleep(LINGER_S + SETTLED_S)
    assert not desk.calls.calls()
    assert not desk.open()


@pytest.fixture(autouse=True)
def no_errors_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    assert_none_logged(caplog)


@pytest.mark.parametrize("victims", CHOICES.values(), ids=CHOICES)
@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS)
def test_unplugged_and_plugged_in_again(moment: Moment, victims: tuple[str, ...]) -> None:
    async def scene() -> None:
        async with call_desk() as desk:
            await moment.reach(desk)
            assert await heard_now(desk, moment) == expected(moment)
            for name in victims:
                desk.unplug(name)
            assert await heard_now(desk, moment) == expected(moment, victims)
            assert alive(desk, moment)
            for name in victims:
                desk.plug(name)
            assert await heard_now(desk, moment) == expected(moment)
            assert alive(desk, moment)
            if moment.rings and "Gong" not in victims:
                assert desk.rang_without_a_gap("Gong")
            await everybody_hangs_up(desk)

    run_virtually(scene())


@pytest.mark.parametrize("victims", CHOICES.values(), ids=CHOICES)
@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS)
def test_unplugged_until_the_call_is_over(moment: Moment, victims: tuple[str, ...]) -> None:
    async def scene() -> None:
        async with call_desk() as desk:
            await moment.reach(desk)
            await asyncio.sleep(SETTLED_S)
            for name in victims:
                desk.unplug(name)
            await asyncio.sleep(SETTLED_S)
            assert alive(desk, moment)
            await everybody_hangs_up(desk)

    run_virtually(scene())


@pytest.mark.parametrize("victims", CHOICES.values(), ids=CHOICES)
@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS)
def test_a_driver_that_dies_without_a_word(moment: Moment, victims: tuple[str, ...]) -> None:
    async def scene() -> None:
        async with call_desk() as desk:
            await moment.reach(desk)
            await asyncio.sleep(SETTLED_S)
            for name in victims:
                desk.kill(name)
            await asyncio.sleep(RETRY_S)
            assert await heard_now(desk, moment) == expected(moment)
            assert alive(desk, moment)
            await everybody_hangs_up(desk)

    run_virtually(scene())


def test_what_was_pulled_on_hold_is_used_again_after_it() -> None:
    async def scene() -> None:
        async with call_desk() as desk:
            await hold(desk)
            desk.unplug("Ear")
            desk.unplug("Mic")
            await asyncio.sleep(10)
            await desk.calls.resume(ONE)
            await asyncio.sleep(SETTLED_S)
            assert await desk.listen(0.4) == {"Speakers": {ONE}, ONE: {"Webcam"}}
            await desk.calls.hold(ONE)
            desk.plug("Ear")
            desk.plug("Mic")
            await desk.calls.resume(ONE)
            await asyncio.sleep(SETTLED_S)
            assert await desk.listen(0.4) == {"Ear": {ONE}, ONE: {"Mic"}}

    run_virtually(scene())


@pytest.mark.parametrize(
    ("gone", "there"),
    [((), "Clip"), (("Clip",), "Ear"), (("Clip", "Ear"), "Speakers"), (tuple(DEVICES), "")],
    ids=["there", "gone", "the ear too", "everything"],
)
def test_a_second_call_is_announced_where_somebody_can_hear_it(gone: tuple[str, ...], there: str) -> None:
    async def scene() -> None:
        async with call_desk() as desk:
            await talk(desk)
            await asyncio.sleep(1)
            for name in gone:
                desk.unplug(name)
            await asyncio.sleep(SETTLED_S)
            desk.telephony.incoming("0507654321")
            heard = await desk.listen(1.0)
            assert [place for place, sounds in heard.items() if "service tone" in sounds] == [there] * bool(
                there
            )
            assert not any("ring" in sounds for sounds in heard.values())

    run_virtually(scene())


def test_a_transfer_that_fails_meanwhile_gives_the_call_back_where_the_devices_are() -> None:
    async def scene() -> None:
        async with call_desk() as desk:
            await blind_transfer(desk)
            desk.unplug("Ear")
            desk.telephony.emit(CallTransferProgress(ONE, "failed", 486))
            await asyncio.sleep(SETTLED_S)
            assert desk.calls.get(ONE).transfer is TransferState.FAILED
            assert await desk.listen(0.4) == {"Speakers": {ONE}, ONE: {"Mic"}}

    run_virtually(scene())
