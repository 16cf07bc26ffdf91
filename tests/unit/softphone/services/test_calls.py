"""Calls from the first ring to the history, on a user agent without a network."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from softphone.domain.account import LineState
from softphone.domain.call import (
    Call,
    CallState,
    Direction,
    Encryption,
    EndReason,
    Party,
    TransferState,
)
from softphone.domain.contact import Contact
from softphone.domain.errors import BadTarget, CommandRefused, DeviceError, NotSignedIn, UnknownCall
from softphone.domain.events import CallChanged, DtmfReceived, Event, Notice
from softphone.domain.history import Outcome
from softphone.domain.quality import CallQuality, Trouble
from softphone.ports import (
    CallFlood,
    CallMediaChanged,
    CallProgress,
    CallRemoteChanged,
    CallReplaced,
    CallTransferProgress,
)
from softphone.runtime.bus import Bus
from softphone.runtime.tasks import Tasks
from softphone.services.auto_answer import AutoAnswer
from softphone.services.call_quality import CallQualityWatch
from softphone.services.call_table import CallTable
from softphone.services.call_tones import END_TONE_S, CallTones
from softphone.services.calls import Calls
from softphone.services.contacts import Contacts
from softphone.services.history import History
from softphone.services.history_writer import HistoryWriter
from softphone.services.numbers import Numbers
from softphone.services.ringing import Ringing
from softphone.services.settings import Settings
from tests.doubles.application import settle
from tests.doubles.clock import FakeClock
from tests.doubles.sound import HEADSET, FakeSound
from tests.doubles.stores import FakeContactStore, FakeHistoryStore, FakeSettingsStore
from tests.doubles.telephony import FakeTelephony


class Bench:
    """Calls with everything that follows them."""

    def __init__(self) -> None:
        self.telephony, self.sound, self.clock = FakeTelephony(), FakeSound(), FakeClock()
        self.telephony.registered = True
        self.line = LineState.REGISTERED
        self.hurried, self.hurry_helps = 0, True
        self.events: list[Event] = []
        self.end_of_tone = asyncio.Event()
        self.tone_lengths: list[float] = []
        bus = Bus()
        bus.subscribe(self.events.append)
        self.tasks = Tasks()
        self.settings = Settings(FakeSettingsStore(), bus)
        self.store = FakeHistoryStore()
        numbers = Numbers()
        self.contacts = Contacts(FakeContactStore(), numbers, bus)
        self.table = CallTable(bus, self.clock)
        self.calls = Calls(
            self.telephony,
            self.table,
            numbers,
            bus,
            self.clock,
            self.tasks,
            line=lambda: self.line,
            hurry=self._hurry,
            name_for=self.contacts.name_for,
            auto_answer=AutoAnswer(self.table, self.sound, self.settings),
        )
        self.ringing = Ringing(self.table, self.sound, self.tasks)
        self.tones = CallTones(self.table, self.sound, self.tasks, sleep=self._tone_sleeps)
        self.quality = CallQualityWatch(self.table, self.telephony, self.sound, self.clock, self.tasks)
        self.writer = HistoryWriter(self.table, History(self.store, bus), self.clock, self.tasks)

    async def _hurry(self) -> bool:
        self.hurried += 1
        self.telephony.refuse.clear()
        return self.hurry_helps

    async def _tone_sleeps(self, seconds: float) -> None:
        self.tone_lengths.append(seconds)
        await self.end_of_tone.wait()

    async def talk(self, target: str = "0401234567") -> str:
        """An own call that was answered."""
        call_id = await self.calls.dial(target)
        self.telephony.establish(call_id)
        await settle()
        return call_id

    async def ring(self, number: str = "0507654321") -> str:
        """An incoming call that rings."""
        call_id = self.telephony.incoming(number)
        await settle()
        return call_id

    def rings(self) -> bool:
        """Whether the ring tone plays now."""
        return self.sound.ringing

    def call(self, call_id: str) -> Call:
        """The call now."""
        return self.calls.get(call_id)

    def last(self, call_id: str) -> Call:
        """The call as it was last told."""
        return [e.call for e in self.events if isinstance(e, CallChanged) and e.call.id == call_id][-1]

    def did(self, *names: str) -> list[tuple[object, ...]]:
        """The user agent's commands of these names."""
        return [command for command in self.telephony.commands if command[0] in names]


@pytest.fixture
def bench() -> Bench:
    return Bench()


# --- own calls


async def test_an_own_call(bench: Bench) -> None:
    call_id = await bench.calls.dial("040 123 4567")
    assert bench.did("dial") == [("dial", "0401234567", False)]
    assert bench.call(call_id).state is CallState.DIALLING
    assert bench.call(call_id).remote == Party("0401234567", "0401234567")
    bench.telephony.far_end_rings(call_id)
    await settle()
    assert (bench.call(call_id).state, bench.sound.tone) == (CallState.EARLY, "ringback")
    bench.clock.advance(5)
    bench.telephony.establish(call_id)
    await settle()
    call = bench.call(call_id)
    assert (call.state, call.codec, call.encryption.method) == (CallState.ACTIVE, "opus", "sdes")
    assert bench.sound.tone == ""
    bench.clock.advance(60)
    await bench.calls.hang_up()
    await settle()
    assert bench.calls.calls() == ()
    assert (bench.last(call_id).state, bench.last(call_id).reason) == (CallState.ENDED, EndReason.HUNG_UP)
    (entry,) = bench.store.entries
    assert (entry.outcome, entry.duration_s, entry.direction) == (Outcome.ANSWERED, 60.0, Direction.OUTGOING)
    assert entry.started_at == bench.clock.time() - 65
    assert bench.sound.played == ["ringback"]


async def test_early_media_is_heard_instead_of_our_ringback(bench: Bench) -> None:
    call_id = await bench.calls.dial("1001")
    bench.telephony.far_end_rings(call_id, early_media=True)
    await settle()
    assert bench.sound.played == []


async def test_a_183_without_sound_has_our_ringback(bench: Bench) -> None:
    call_id = await bench.calls.dial("1001")
    bench.telephony.far_end_rings(call_id)
    await settle()
    assert bench.sound.tone == "ringback"
    bench.telephony.emit(CallProgress(call_id, 180, True))
    await settle()
    assert bench.sound.tone == ""


@pytest.mark.parametrize(
    ("reason", "tone", "outcome"),
    [
        (EndReason.BUSY, "busy", Outcome.NOT_ANSWERED),
        (EndReason.DECLINED, "busy", Outcome.NOT_ANSWERED),
        (EndReason.NOT_FOUND, "congestion", Outcome.FAILED),
        (EndReason.NO_ANSWER, "congestion", Outcome.NOT_ANSWERED),
    ],
)
async def test_calls_that_come_to_nothing(
    bench: Bench, reason: EndReason, tone: str, outcome: Outcome
) -> None:
    call_id = await bench.calls.dial("1001")
    bench.telephony.end(call_id, reason, 486)
    await settle()
    assert bench.sound.tone == tone
    assert bench.tone_lengths == [END_TONE_S]
    assert bench.last(call_id).status_code == 486
    assert [entry.outcome for entry in bench.store.entries] == [outcome]
    bench.end_of_tone.set()
    await settle()
    assert bench.sound.tone == ""


async def test_a_new_call_silences_the_busy_tone(bench: Bench) -> None:
    first = await bench.calls.dial("1001")
    bench.telephony.end(first, EndReason.BUSY, 486)
    await settle()
    await bench.calls.dial("1002")
    await settle()
    assert bench.sound.tone == ""


async def test_events_before_dial_returns_are_kept(bench: Bench) -> None:
    """A server on the same machine may answer before `dial` has returned."""
    dial = bench.telephony.dial

    async def hasty(target: str, *, emergency: bool = False) -> str:
        call_id = await dial(target, emergency=emergency)
        bench.telephony.far_end_rings(call_id)
        bench.telephony.end(call_id, EndReason.NOT_FOUND, 404)
        return call_id

    bench.telephony.dial = hasty  # type: ignore[method-assign]
    call_id = await bench.calls.dial("1001")
    assert bench.calls.calls() == ()
    assert bench.last(call_id).reason is EndReason.NOT_FOUND


async def test_dialling_needs_a_line_and_a_number(bench: Bench) -> None:
    with pytest.raises(BadTarget):
        await bench.calls.dial("not a number")
    for bench.line in (LineState.SIGNED_OUT, LineState.RECONNECTING, LineState.REFUSED):
        with pytest.raises(NotSignedIn):
            await bench.calls.dial("1001")
    assert bench.telephony.commands == []


# --- incoming


async def test_an_incoming_call_rings_and_is_answered(bench: Bench) -> None:
    call_id = await bench.ring()
    assert bench.did("ring") == [("ring", call_id)]
    assert bench.rings()
    await bench.calls.answer()
    assert bench.call(call_id).state is CallState.ANSWERING
    await settle()
    assert not bench.rings()
    bench.telephony.establish(call_id)
    bench.clock.advance(3)
    bench.telephony.end(call_id)
    await settle()
    assert [(e.outcome, e.duration_s) for e in bench.store.entries] == [(Outcome.ANSWERED, 3.0)]


async def test_the_name_of_a_contact_is_shown(bench: Bench) -> None:
    await bench.contacts.put(Contact("", "Aino Asiakas", ("+358 50 765 4321",)))
    call_id = await bench.ring("0507654321")
    assert bench.call(call_id).remote.name == "Aino Asiakas"


@pytest.mark.parametrize(
    ("reason", "outcome", "seen"),
    [
        (EndReason.CANCELLED, Outcome.MISSED, False),
        (EndReason.NO_ANSWER, Outcome.MISSED, False),
        (EndReason.ANSWERED_ELSEWHERE, Outcome.NOT_ANSWERED, True),
    ],
)
async def test_not_answered(bench: Bench, reason: EndReason, outcome: Outcome, seen: bool) -> None:
    call_id = await bench.ring()
    bench.telephony.end(call_id, reason, 487)
    await settle()
    assert not bench.rings()
    assert bench.sound.tone == ""
    assert [(e.outcome, e.seen) for e in bench.store.entries] == [(outcome, seen)]


@pytest.mark.parametrize("command", ["decline", "hang_up"])
async def test_declined(bench: Bench, command: str) -> None:
    call_id = await bench.ring()
    await getattr(bench.calls, command)(call_id)
    await settle()
    assert bench.did("reject") == [("reject", call_id, False)]
    assert [e.outcome for e in bench.store.entries] == [Outcome.DECLINED]
    with pytest.raises(UnknownCall):
        await bench.calls.answer(call_id)


async def test_the_ring_can_be_silenced_for_this_call_alone(bench: Bench) -> None:
    first = await bench.ring()
    await bench.ringing.silence()
    assert not bench.rings()
    bench.telephony.end(first, EndReason.CANCELLED)
    await bench.ring()
    assert bench.rings()


async def test_a_second_call_is_a_soft_tone_and_rings_when_the_first_is_over(bench: Bench) -> None:
    first = await bench.talk()
    second = await bench.ring()
    assert not bench.rings()
    assert bench.sound.played == ["call-waiting"]
    bench.telephony.end(first)
    await settle()
    assert bench.rings()
    assert bench.call(second).state is CallState.RINGING


async def test_answering_a_second_call_holds_the_first(bench: Bench) -> None:
    first = await bench.talk()
    second = await bench.ring()
    await bench.calls.answer(second)
    bench.telephony.establish(second)
    names = [command[0] for command in bench.telephony.commands]
    assert names.index("hold") < names.index("answer")
    assert (bench.call(first).held, bench.call(second).held) == (True, False)


async def test_a_third_call_meets_a_busy_line(bench: Bench) -> None:
    await bench.talk()
    second = await bench.ring()
    await bench.calls.answer(second)
    bench.telephony.establish(second)
    third = await bench.ring("0440000000")
    assert bench.did("reject") == [("reject", third, True)]
    assert "ring" not in bench.sound.played
    with pytest.raises(CommandRefused):
        await bench.calls.dial("1001")


async def test_a_call_that_meets_a_busy_line_is_never_shown_as_ringing_and_was_missed(bench: Bench) -> None:
    await bench.talk()
    await bench.ring()
    for number in range(20):
        bench.telephony.end(await bench.ring(f"05000000{number:02}"), EndReason.DECLINED)
    await settle()
    turned_away = [
        e.call for e in bench.events if isinstance(e, CallChanged) and "05000" in e.call.remote.number
    ]
    assert [(call.state, call.reason) for call in turned_away] == [(CallState.ENDED, EndReason.BUSY)] * 20
    assert len(bench.calls.calls()) == 2
    assert [entry.outcome for entry in bench.store.entries] == [Outcome.MISSED] * 20


async def test_a_flood_of_calls_is_one_notice(bench: Bench) -> None:
    bench.telephony.emit(CallFlood())
    assert bench.events == [Notice("call-flood")]


async def test_answering_gives_up_a_call_being_dialled(bench: Bench) -> None:
    own = await bench.calls.dial("1001")
    other = await bench.ring()
    await bench.calls.answer(other)
    assert bench.did("hang_up") == [("hang_up", own)]
    assert bench.call(other).state is CallState.ANSWERING


async def test_a_failed_answer_ends_the_call(bench: Bench) -> None:
    call_id = await bench.ring()
    bench.telephony.refuse["answer"] = CommandRefused("no device")
    with pytest.raises(CommandRefused):
        await bench.calls.answer(call_id)
    assert bench.calls.calls() == ()


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


# --- auto-answer


async def test_auto_answer_beeps_first(bench: Bench) -> None:
    await bench.settings.set("call.auto_answer", True)
    call_id = await bench.ring()
    assert "beep" in bench.sound.played
    assert bench.call(call_id).state is CallState.ANSWERING


async def test_auto_answer_leaves_a_second_call_alone(bench: Bench) -> None:
    await bench.settings.set("call.auto_answer", True)
    await bench.talk()
    second = await bench.ring()
    assert bench.call(second).state is CallState.RINGING
    assert "beep" not in bench.sound.played


# --- emergency


@pytest.mark.parametrize("line", list(LineState))
async def test_an_emergency_call_asks_nothing_of_the_line(bench: Bench, line: LineState) -> None:
    bench.line = line
    call_id = await bench.calls.dial("1 1 2")
    assert bench.did("dial") == [("dial", "112", True)]
    assert bench.call(call_id).emergency


@pytest.mark.parametrize("helps", [True, False])
async def test_an_emergency_call_hurries_the_sign_in(bench: Bench, helps: bool) -> None:
    bench.hurry_helps = helps
    bench.telephony.refuse["dial"] = NotSignedIn("not started")
    if helps:
        assert bench.call(await bench.calls.dial("112")).emergency
    else:
        with pytest.raises(NotSignedIn):
            await bench.calls.dial("112")
        assert bench.calls.calls() == ()
    assert bench.hurried == 1


async def test_an_emergency_call_goes_first_and_clears_the_line(bench: Bench) -> None:
    first, second = await bench.talk("1001"), await bench.talk("1002")
    bench.telephony.commands.clear()
    emergency = await bench.calls.dial("112")
    await settle()
    assert bench.telephony.commands[0] == ("dial", "112", True)
    assert ("mute", second, True) in bench.telephony.commands
    assert ("hold", second) in bench.telephony.commands
    assert bench.call(first).held
    assert bench.call(second).held
    assert bench.call(emergency).state is CallState.DIALLING


async def test_an_emergency_call_silences_what_rings_and_ends_what_is_dialled(bench: Bench) -> None:
    own = await bench.calls.dial("1001")
    ringing = await bench.ring()
    emergency = await bench.calls.dial("112")
    await settle()
    assert [call.id for call in bench.calls.calls()] == [emergency]
    assert bench.did("reject", "hang_up") == [("hang_up", own), ("reject", ringing, True)]
    assert not bench.rings()


async def test_a_far_end_that_will_not_be_held_is_let_go_for_an_emergency(bench: Bench) -> None:
    first = await bench.talk()
    bench.telephony.refuse["hold"] = CommandRefused("488")
    emergency = await bench.calls.dial("112")
    await settle()
    assert [call.id for call in bench.calls.calls()] == [emergency]
    assert bench.did("hang_up") == [("hang_up", first)]


async def test_nothing_pushes_an_emergency_call_aside(bench: Bench) -> None:
    emergency = await bench.calls.dial("112")
    other = await bench.ring()
    with pytest.raises(CommandRefused):
        await bench.calls.answer(other)
    assert bench.call(emergency).state is CallState.DIALLING


async def test_hanging_up_everything_at_the_end(bench: Bench) -> None:
    await bench.talk("1001")
    await bench.ring()
    await bench.calls.hang_up_all()
    await bench.writer.finish()
    assert bench.calls.calls() == ()
    assert len(bench.store.entries) == 2


# --- devices that fail


async def test_no_beep_no_auto_answer(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    await bench.settings.set("call.auto_answer", True)
    monkeypatch.setattr(bench.sound, "play_tone", _broken)
    call_id = await bench.ring()
    assert bench.call(call_id).state is CallState.RINGING


async def test_auto_answer_that_fails_ends_the_call(bench: Bench) -> None:
    await bench.settings.set("call.auto_answer", True)
    bench.telephony.refuse["answer"] = CommandRefused("no device")
    await bench.ring()
    assert bench.calls.calls() == ()


async def test_without_a_device_the_call_is_shown_all_the_same(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("start_ring", "play_tone", "call_waiting"):
        monkeypatch.setattr(bench.sound, name, _broken)
    call_id = await bench.ring()
    assert bench.call(call_id).state is CallState.RINGING
    own = await bench.calls.dial("112")
    bench.telephony.far_end_rings(own)
    await settle()
    assert bench.call(own).state is CallState.EARLY


async def test_calls_that_are_gone_before_they_ring(bench: Bench) -> None:
    bench.telephony.refuse["ring"] = UnknownCall("gone")
    call_id = await bench.ring()
    bench.telephony.end(call_id, EndReason.CANCELLED)
    assert bench.calls.calls() == ()


async def _broken(*arguments: object) -> None:
    raise DeviceError("no such device")
