"""Call window and popup."""

from __future__ import annotations

from dataclasses import replace

import pytest

from resources.words import LANGUAGES, Words
from softphone.domain.call import Encryption, EndReason
from softphone.domain.contact import Contact
from softphone.domain.device import DeviceState, MicrophoneState
from softphone.domain.errors import CommandRefused
from softphone.domain.events import Notice
from softphone.domain.quality import Trouble
from softphone.presenters import sentences
from softphone.presenters.call_views import CallView
from softphone.presenters.calls import SCORES, TOLD_ENDING_S, CallsView
from softphone.presenters.parts import Tone
from tests.doubles.stage import POOR, Stage


def window(stage: Stage) -> CallView:
    """What the call window shows; fails where there is none."""
    call = stage.view(CallsView).call
    assert call is not None
    return call


async def test_no_window_without_a_call(stage: Stage) -> None:
    await stage.sign_in()
    view = stage.view(CallsView)
    assert view.call is None
    assert view.incoming == ()


async def test_an_outgoing_call_from_dialling_to_the_end(stage: Stage) -> None:
    await stage.sign_in()
    call_id = await stage.program.calls.dial("0501234567")
    assert window(stage).state.text == "Calling …"
    stage.doubles.telephony.far_end_rings(call_id)
    assert window(stage).state.text == "Ringing at the other side …"
    assert window(stage).timer == ""
    stage.doubles.telephony.establish(call_id)
    stage.doubles.clock.advance(65)
    stage.board.calls.tick()
    view = window(stage)
    assert view.timer == "01:05"
    assert view.talking
    await stage.board.calls.hang_up(call_id)
    stage.doubles.telephony.end(call_id, EndReason.HUNG_UP)
    assert window(stage).ended
    stage.doubles.clock.advance(2)
    stage.board.calls.tick()
    assert stage.view(CallsView).call is None


async def test_a_call_that_ended_on_hold_is_no_longer_on_hold(stage: Stage) -> None:
    await stage.sign_in()
    call_id = await stage.talk()
    stage.doubles.telephony.media_changed(call_id, held=True)
    assert window(stage).held
    stage.doubles.telephony.end(call_id, EndReason.TRANSFERRED)
    assert window(stage).ended
    assert not window(stage).held


async def test_an_ending_that_must_be_read_stays_and_can_be_put_away(stage: Stage) -> None:
    await stage.sign_in()
    call_id = await stage.program.calls.dial("0501234567")
    stage.doubles.telephony.end(call_id, EndReason.BUSY, 486)
    stage.doubles.clock.advance(TOLD_ENDING_S - 1)
    stage.board.calls.tick()
    assert window(stage).state.text == "Busy: try again later"
    await stage.board.calls.hang_up(call_id)
    assert stage.view(CallsView).call is None


async def test_names_come_from_the_contacts(stage: Stage) -> None:
    await stage.sign_in()
    await stage.program.contacts.put(Contact("", "Aino Asiakas", ("+358401234567",)))
    await stage.talk("0401234567")
    assert window(stage).who.name == "Aino Asiakas"
    assert window(stage).who.number == "040 1234567"


@pytest.mark.parametrize(
    ("encryption", "icon", "text"),
    [
        (Encryption("sdes", True, "vip.example.com"), "lock", "Encrypted to vip.example.com"),
        (Encryption("dtls", True), "lock", "Encrypted"),
        (Encryption("sdes", False, "vip.example.com"), "lock-open", "Not encrypted"),
        (Encryption(), "lock-open", "Not encrypted"),
    ],
)
async def test_the_lock_is_shown_only_where_it_is_true(
    stage: Stage, encryption: Encryption, icon: str, text: str
) -> None:
    await stage.sign_in()
    call_id = await stage.program.calls.dial("0501234567")
    assert window(stage).lock is None
    stage.doubles.telephony.establish(call_id, encryption=encryption)
    lock = window(stage).lock
    assert lock is not None
    assert (lock.icon, lock.text) == (icon, text)


async def test_quality_is_a_word(stage: Stage) -> None:
    await stage.sign_in()
    await stage.talk(quality=POOR)
    quality = window(stage).quality
    assert quality is not None
    assert (quality.text, quality.tone) == ("Poor sound", Tone.BAD)


async def test_mute_hold_keys_and_volume_reach_the_line(stage: Stage) -> None:
    await stage.sign_in()
    call_id = await stage.talk()
    calls = stage.board.calls
    assert window(stage).volume == 77
    await calls.mute(call_id, True)
    assert window(stage).muted
    await calls.dtmf(call_id, "5#")
    await calls.volume(call_id, 100)
    await calls.hold(call_id, True)
    stage.doubles.telephony.media_changed(call_id, held=True)
    assert window(stage).held
    await calls.hold(call_id, False)
    done = [command for command in stage.doubles.telephony.commands if command[1:2] == (call_id,)]
    assert ("mute", call_id, True) in done
    assert ("send_dtmf", call_id, "5#") in done
    assert ("set_volume", call_id, 12.0) in done
    assert ("hold", call_id) in done
    assert ("resume", call_id) in done


async def test_a_refused_command_is_told_and_can_be_put_away(stage: Stage) -> None:
    await stage.sign_in()
    call_id = await stage.talk()
    stage.doubles.telephony.refuse["hold"] = CommandRefused("488")
    await stage.board.calls.hold(call_id, True)
    advice = stage.view(CallsView).advice
    assert advice is not None
    assert advice.text == "That is not possible right now."
    await stage.board.calls.put_away()
    assert stage.view(CallsView).advice is None


async def test_a_button_pressed_too_late_says_nothing(stage: Stage) -> None:
    await stage.sign_in()
    await stage.board.calls.mute("gone", True)
    assert stage.view(CallsView).advice is None


async def test_an_incoming_call_is_shown_answered_and_named(stage: Stage) -> None:
    await stage.sign_in()
    call_id = stage.doubles.telephony.incoming("0401234567", "Lending")
    stage.doubles.clock.advance(7)
    stage.board.calls.tick()
    view = stage.view(CallsView)
    assert view.call is None
    assert view.ring_text == "Jabra Evolve2 + Laptop speakers"
    popup = view.incoming[0]
    assert (popup.who.name, popup.waiting, popup.note, popup.silenced) == ("Lending", "00:07", "", False)
    await stage.board.calls.silence(call_id)
    assert stage.view(CallsView).incoming[0].silenced
    await stage.board.calls.answer(call_id)
    stage.doubles.telephony.establish(call_id)
    assert stage.view(CallsView).incoming == ()
    assert window(stage).id == call_id


async def test_a_declined_or_missed_call_opens_no_window(stage: Stage) -> None:
    await stage.sign_in()
    declined = stage.doubles.telephony.incoming()
    await stage.board.calls.decline(declined)
    stage.doubles.telephony.end(declined, EndReason.DECLINED)
    missed = stage.doubles.telephony.incoming()
    stage.doubles.telephony.end(missed, EndReason.CANCELLED)
    view = stage.view(CallsView)
    assert view.call is None
    assert view.incoming == ()


async def test_a_second_call_says_what_answering_does(stage: Stage) -> None:
    await stage.sign_in()
    await stage.talk("0501234567")
    second = stage.doubles.telephony.incoming("0401234567")
    view = stage.view(CallsView)
    assert view.incoming[0].note == "Answering puts your call on hold."
    assert [(other.id, other.action) for other in window(stage).others] == [(second, "answer")]


async def test_two_calls_swap_and_can_be_joined(stage: Stage) -> None:
    await stage.sign_in()
    first = await stage.talk("0401234567")
    await stage.board.calls.ask_first("0501234567")
    second = window(stage).id
    assert second != first
    stage.doubles.telephony.media_changed(first, held=True)
    assert window(stage).others[0].state == "On hold"
    assert window(stage).join != ()
    stage.doubles.telephony.establish(second)
    await stage.board.calls.swap()
    assert ("resume", first) in stage.doubles.telephony.commands
    shown, other = window(stage).id, window(stage).join[0].id
    assert {shown, other} == {first, second}
    await stage.board.calls.join(shown, other)
    assert ("transfer_to_call", shown, other) in stage.doubles.telephony.commands
    assert window(stage).state.text == "Transferring …"


async def test_a_failed_transfer_says_that_the_call_is_still_there(stage: Stage) -> None:
    await stage.sign_in()
    call_id = await stage.talk()
    await stage.board.calls.transfer(call_id, "0501234567")
    assert ("transfer", call_id, "0501234567") in stage.doubles.telephony.commands
    stage.program.bus.publish(Notice("transfer-failed", {"status": "486"}))
    advice = stage.view(CallsView).advice
    assert advice is not None
    assert "still yours" in advice.what_to_do


async def test_trouble_names_the_side_and_what_helps(stage: Stage) -> None:
    await stage.sign_in()
    call_id = await stage.talk()
    assert window(stage).trouble is None
    stage.doubles.sound.open_microphone = MicrophoneState(zero_for_s=1.0)
    for _ in range(4):
        stage.doubles.clock.advance(0.5)
        moved = stage.doubles.telephony.qualities[call_id]
        stage.doubles.telephony.qualities[call_id] = replace(
            moved, packets_sent=moved.packets_sent + 25, packets_received=moved.packets_received + 25
        )
        stage.doubles.sound.open_microphone = replace(
            stage.doubles.sound.open_microphone,
            zero_for_s=stage.doubles.sound.open_microphone.zero_for_s + 0.5,
        )
        stage.program.quality.sample()
    trouble = window(stage).trouble
    assert trouble is not None
    assert trouble.text == "They can't hear you: Jabra Evolve2 is muted."
    assert trouble.action == "headset"
    assert window(stage).quality is None
    stage.doubles.sound.open_microphone = MicrophoneState()
    stage.program.quality.sample()
    assert window(stage).trouble is None
    assert window(stage).quality is not None


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("trouble", list(Trouble))
def test_every_trouble_has_its_sentence(language: str, trouble: Trouble) -> None:
    devices = DeviceState(microphone_used="Jabra Evolve2", speaker_used="Laptop speakers")
    advice = sentences.trouble(Words(language), trouble, devices)
    assert advice.text.endswith(".")
    assert advice.what_to_do.endswith(".")
    assert "{" not in advice.text + advice.what_to_do


async def test_the_graph_is_of_the_last_minute(stage: Stage) -> None:
    await stage.sign_in()
    call_id = await stage.talk()
    for step in range(SCORES + 10):
        stage.doubles.telephony.qualities[call_id] = replace(POOR, mos=1.0 + step / 100, packets_sent=step)
        stage.program.quality.sample()
    scores = window(stage).scores
    assert len(scores) == SCORES
    assert scores[-1] == pytest.approx(1.0 + (SCORES + 9) / 100)
    assert scores == tuple(sorted(scores))
