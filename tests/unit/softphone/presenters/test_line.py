"""The main window's frame."""

from __future__ import annotations

from softphone.domain.events import Notice
from softphone.presenters.board import WindowWanted
from softphone.presenters.line import LineView
from softphone.presenters.parts import Tone
from tests.doubles.sound import HEADSET
from tests.doubles.stage import Stage


async def test_the_line_says_its_state_in_words_and_a_sign(stage: Stage) -> None:
    seen = [stage.view(LineView).line]
    await stage.sign_in()
    seen.append(stage.view(LineView).line)
    stage.doubles.telephony.lose_registration()
    seen.append(stage.view(LineView).line)
    stage.doubles.telephony.refuse_registration()
    seen.append(stage.view(LineView).line)
    assert [sign.tone for sign in seen] == [Tone.QUIET, Tone.GOOD, Tone.WARN, Tone.BAD]
    assert len({sign.text for sign in seen}) == 4
    assert all(sign.icon for sign in seen)


async def test_the_promise_names_headset_and_ring_places(stage: Stage) -> None:
    await stage.sign_in()
    promise = stage.view(LineView).promise
    assert promise.text == "Headset: Jabra Evolve2 · Rings: Jabra Evolve2 + Laptop speakers"


async def test_the_promise_stays_true_when_the_headset_goes_and_comes(stage: Stage) -> None:
    await stage.sign_in()
    stage.doubles.sound.pull(HEADSET.id)
    view = stage.view(LineView)
    assert view.promise.text == "Headset: Laptop speakers + Laptop microphone · Rings: Laptop speakers"
    assert [advice.text for advice in view.advice] == ["Jabra Evolve2 was unplugged."]
    stage.doubles.sound.plug(HEADSET)
    view = stage.view(LineView)
    assert "Headset: Jabra Evolve2 " in view.promise.text
    assert view.advice == ()


async def test_without_any_device_the_promise_asks_for_one(stage: Stage) -> None:
    await stage.sign_in()
    for device in tuple(stage.doubles.sound.devices):
        stage.doubles.sound.pull(device.id)
    view = stage.view(LineView)
    assert view.promise.tone is Tone.BAD
    assert view.advice[0].id == "device-none"
    assert view.advice[0].action == "headset"


async def test_dialling_while_signed_out_says_why_not(stage: Stage) -> None:
    assert not await stage.board.line.dial("0401234567")
    advice = stage.view(LineView).advice[0]
    assert advice.id == "failure-not-signed-in"
    await stage.board.line.put_away(advice.id)
    assert stage.view(LineView).advice == ()


async def test_nonsense_is_not_dialled(stage: Stage) -> None:
    await stage.sign_in()
    assert not await stage.board.line.dial("what is this?")
    assert stage.view(LineView).advice[0].id == "failure-bad-target"
    assert await stage.board.line.dial("0501234567")
    view = stage.view(LineView)
    assert view.advice == ()
    assert view.calls == 1
    assert view.calls_text == "1 call in progress"


async def test_an_emergency_call_needs_no_line(stage: Stage) -> None:
    assert await stage.board.line.dial("112")


async def test_a_link_asks_before_it_dials(stage: Stage) -> None:
    await stage.sign_in()
    await stage.program.open_target("tel:+358501234567")
    question = stage.view(LineView).question
    assert question is not None
    assert question.text == "Call 050 1234567?"
    assert WindowWanted in stage.views
    await stage.board.line.answer_question(False)
    assert stage.view(LineView).question is None
    assert stage.program.calls.calls() == ()
    await stage.program.open_target("tel:+358501234567")
    await stage.board.line.answer_question(True)
    assert len(stage.program.calls.calls()) == 1


async def test_missed_calls_are_counted_for_the_tab_and_the_tray(stage: Stage) -> None:
    await stage.sign_in()
    await stage.fill()
    view = stage.view(LineView)
    assert view.missed == 1
    assert view.tray_text == "Available · Registered\n1 missed call"
    await stage.board.history.seen()
    assert stage.view(LineView).missed == 0


async def test_notices_are_told_once_each_the_worst_first(stage: Stage) -> None:
    for code in ("secrets-unavailable", "device-none", "secrets-unavailable", "nothing-we-know"):
        stage.program.bus.publish(Notice(code))
    assert [advice.id for advice in stage.view(LineView).advice] == ["device-none", "secrets-unavailable"]
    stage.program.bus.publish(Notice("storage-failed", {"what": "settings"}))
    stage.program.bus.publish(Notice("storage-recovered", {"what": "settings"}))
    assert "storage-failed" not in [advice.id for advice in stage.view(LineView).advice]


async def test_the_number_is_grouped_while_it_is_typed(stage: Stage) -> None:
    assert await stage.board.line.typing("0401234567") == "040 1234567"
    assert await stage.board.line.typing("Aino ") == "Aino "


async def test_signing_out_forgets(stage: Stage) -> None:
    await stage.sign_in()
    await stage.board.line.sign_out()
    view = stage.view(LineView)
    assert view.number == ""
    assert view.line.text == "Signed out"


async def test_a_name_dials_the_one_contact_who_has_it(stage: Stage) -> None:
    await stage.sign_in()
    await stage.fill()
    assert await stage.board.line.dial("bertil")
    assert ("dial", "+46812345678", False) in stage.doubles.telephony.commands


async def test_a_name_of_several_dials_nobody(stage: Stage) -> None:
    await stage.sign_in()
    await stage.fill()
    assert not await stage.board.line.dial("a")
    assert stage.view(LineView).advice[0].id == "failure-several-contacts"
    assert [c for c in stage.doubles.telephony.commands if c[0] == "dial"] == []


async def test_a_user_name_nobody_in_the_contacts_has_is_dialled_as_it_is(stage: Stage) -> None:
    await stage.sign_in()
    assert await stage.board.line.dial("echo")
    assert ("dial", "echo", False) in stage.doubles.telephony.commands
