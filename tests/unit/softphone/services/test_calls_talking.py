"""During calls: hold, swap, mute, what is told of them, and transfer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from softphone.domain.call import CallState, Encryption, EndReason, TransferState
from softphone.domain.errors import BadTarget, CommandRefused, UnknownCall
from softphone.domain.events import DtmfReceived, Notice
from softphone.domain.quality import CallQuality, Trouble
from softphone.ports import CallMediaChanged, CallRemoteChanged, CallReplaced, CallTransferProgress
from tests.doubles.application import settle
from tests.doubles.sound import HEADSET
from tests.unit.softphone.services.calls_bench import Bench, bench

__all__ = ["bench"]


# --- two calls


async def test_hold_swap_resume(bench: Bench) -> None:
    first = await bench.talk("1001")
    second = await bench.talk("1002")
    assert bench.call(first).held
    await bench.calls.swap()
    assert (bench.call(first).held, bench.call(second).held) == (False, True)
    await bench.calls.hold()
    assert bench.call(first).held
    with pytest.raises(UnknownCall):
        await bench.calls.resume()
    await bench.calls.resume(second)
    assert not bench.call(second).held
    await bench.calls.hang_up()
    assert [call.id for call in bench.calls.calls()] == [first]
    with pytest.raises(UnknownCall):
        await bench.calls.swap()
    await bench.calls.resume()
    assert not bench.call(first).held


async def test_a_refused_hold_keeps_the_call_and_dials_nothing(bench: Bench) -> None:
    first = await bench.talk()
    bench.telephony.refuse["hold"] = CommandRefused("488")
    with pytest.raises(CommandRefused):
        await bench.calls.dial("1002")
    assert [call.id for call in bench.calls.calls()] == [first]
    assert len(bench.did("dial")) == 1


async def test_mute_volume_and_keys(bench: Bench) -> None:
    call_id = await bench.talk()
    await bench.calls.mute(True)
    assert bench.call(call_id).muted
    await bench.calls.mute(False, call_id)
    assert not bench.call(call_id).muted
    await bench.calls.set_volume(99)
    assert (bench.calls.volume(call_id), bench.did("set_volume")[-1][2]) == (12.0, 12.0)
    await bench.calls.dtmf("12a#")
    assert bench.did("send_dtmf") == [("send_dtmf", call_id, "12A#")]
    with pytest.raises(BadTarget):
        await bench.calls.dtmf("1x")
    bench.telephony.far_end_presses(call_id, "5")
    assert bench.events[-1] == DtmfReceived(call_id, "5")
    await bench.calls.hang_up()
    assert bench.calls.volume(call_id) == 0.0


async def test_remote_hold_and_quality_show(bench: Bench) -> None:
    call_id = await bench.talk()
    bench.telephony.media_changed(call_id, remote_held=True)
    assert bench.call(call_id).remote_held
    bench.telephony.qualities[call_id] = CallQuality(4.2, 0.0, 3.0, 20.0, 0.0)
    bench.quality.sample()
    assert bench.call(call_id).quality == CallQuality(4.2, 0.0, 3.0, 20.0, 0.0)
    bench.telephony.end(call_id)
    await settle()
    assert bench.store.entries[0].mos == 4.2


@pytest.mark.parametrize(
    ("wishes", "broken", "trouble"),
    [
        (("fake:gone", HEADSET.id), "", None),
        (("fake:gone", "default"), "", Trouble.OTHER_MICROPHONE),
        ((HEADSET.id, "default"), HEADSET.id, Trouble.OTHER_MICROPHONE),
        (("default",), "", None),
    ],
)
async def test_another_device_than_any_that_was_wished_for_is_told(
    bench: Bench, wishes: tuple[str, ...], broken: str, trouble: Trouble | None
) -> None:
    bench.sound.broken = {broken}
    await bench.sound.choose(microphone=wishes, speaker=("default",), ring=())
    call_id = await bench.talk()
    for packets in range(6):
        bench.clock.advance(0.5)
        heard = CallQuality(4.2, 0.0, 3.0, 20.0, 0.0, received_level_dbfs=-30.0)
        bench.telephony.qualities[call_id] = replace(heard, packets_sent=packets, packets_received=packets)
        bench.quality.sample()
    assert bench.call(call_id).trouble is trouble


async def test_another_speaker_is_told_too(bench: Bench) -> None:
    await bench.sound.choose(microphone=("default",), speaker=("fake:gone",), ring=())
    call_id = await bench.talk()
    for packets in range(6):
        bench.clock.advance(0.5)
        heard = CallQuality(4.2, 0.0, 3.0, 20.0, 0.0, received_level_dbfs=-30.0)
        bench.telephony.qualities[call_id] = replace(heard, packets_sent=packets, packets_received=packets)
        bench.quality.sample()
    assert bench.call(call_id).trouble is Trouble.OTHER_SPEAKER


async def test_a_call_that_loses_its_encryption_is_told(bench: Bench) -> None:
    call_id = await bench.talk()
    bench.telephony.media_changed(call_id, held=True)
    told = Notice("call-not-encrypted", {"call": call_id})
    assert told not in bench.events
    bench.telephony.emit(CallMediaChanged(call_id, "PCMA", Encryption(), held=False, remote_held=False))
    assert bench.events.count(told) == 1
    assert (bench.call(call_id).codec, bench.call(call_id).encryption) == ("PCMA", Encryption())


async def test_commands_for_calls_that_are_not_there(bench: Bench) -> None:
    for command in (
        bench.calls.answer,
        bench.calls.decline,
        bench.calls.hang_up,
        bench.calls.hold,
        bench.calls.resume,
    ):
        with pytest.raises(UnknownCall):
            await command()
        with pytest.raises(UnknownCall):
            await command("no-such")
    bench.telephony.establish("no-such")
    assert bench.calls.calls() == ()


# --- transfer


async def test_blind_transfer(bench: Bench) -> None:
    call_id = await bench.talk()
    await bench.calls.transfer(call_id, "050 765 4321")
    assert bench.did("transfer") == [("transfer", call_id, "0507654321")]
    assert bench.call(call_id).transfer is TransferState.TRYING
    bench.telephony.emit(CallTransferProgress(call_id, "done", 200))
    bench.telephony.end(call_id, EndReason.HUNG_UP)
    assert bench.last(call_id).reason is EndReason.TRANSFERRED


async def test_transfer_that_fails_comes_back(bench: Bench) -> None:
    call_id = await bench.talk()
    await bench.calls.transfer(call_id, "1003")
    bench.telephony.emit(CallTransferProgress(call_id, "failed", 486))
    assert (bench.call(call_id).state, bench.call(call_id).transfer) == (
        CallState.ACTIVE,
        TransferState.FAILED,
    )
    assert Notice("transfer-failed", {"status": "486"}) in bench.events
    with pytest.raises(BadTarget):
        await bench.calls.transfer(call_id, "a b")
    bench.telephony.refuse["transfer"] = CommandRefused("405")
    with pytest.raises(CommandRefused):
        await bench.calls.transfer(call_id, "1003")
    assert bench.call(call_id).transfer is TransferState.FAILED


async def test_attended_transfer(bench: Bench) -> None:
    first, second = await bench.talk("1001"), await bench.talk("1002")
    await bench.calls.transfer_to_call(first, second)
    assert bench.did("transfer_to_call") == [("transfer_to_call", first, second)]
    with pytest.raises(CommandRefused):
        await bench.calls.transfer_to_call(first, first)
    bench.telephony.refuse["transfer_to_call"] = CommandRefused("no")
    with pytest.raises(CommandRefused):
        await bench.calls.transfer_to_call(first, second)
    assert {call.state for call in bench.calls.calls()} == {CallState.ACTIVE}


async def test_the_far_end_is_replaced(bench: Bench) -> None:
    old = await bench.talk()
    bench.telephony.emit(CallReplaced(old, "new"))
    bench.telephony.emit(CallRemoteChanged("new", "sip:1009@vip.example.com", "1009", "Matti"))
    bench.telephony.end(old, EndReason.TRANSFERRED)
    (call,) = bench.calls.calls()
    assert (call.id, call.state, call.remote.number) == ("new", CallState.ACTIVE, "1009")
