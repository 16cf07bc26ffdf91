"""Settings: headset, levels, general."""

from __future__ import annotations

from pathlib import Path

import pytest

from resources.words import Words
from softphone.domain.device import Device, Role
from softphone.domain.errors import DeviceError
from softphone.domain.events import LevelsChanged
from softphone.presenters.general import GeneralView
from softphone.presenters.headset import HeadsetView
from softphone.presenters.levels import LevelsView
from softphone.presenters.parts import Tone
from tests.doubles.sound import HEADSET, MICROPHONE, SPEAKERS
from tests.doubles.stage import Stage


async def test_drop_downs_hold_exactly_what_is_plugged_in(stage: Stage) -> None:
    view = stage.view(HeadsetView)
    assert [option.text for option in view.microphone.options] == [
        "System default: Laptop microphone",
        MICROPHONE.name,
        HEADSET.name,
    ]
    fresh = Device("fake:new", "New headset", True, True)
    stage.doubles.sound.plug(fresh)
    view = stage.view(HeadsetView)
    assert view.microphone.options[-1].text == view.speaker.options[-1].text == "New headset"
    stage.doubles.sound.pull(fresh.id)
    assert "New headset" not in [option.text for option in stage.view(HeadsetView).speaker.options]


async def test_choosing_takes_effect_and_says_so(stage: Stage) -> None:
    await stage.board.headset.choose(Role.MICROPHONE, HEADSET.id)
    await stage.board.headset.choose(Role.SPEAKER, HEADSET.id)
    view = stage.view(HeadsetView)
    assert (view.microphone.chosen, view.speaker.chosen) == (HEADSET.id, HEADSET.id)
    assert view.speaker_note.text == "Jabra Evolve2 is in use."
    assert stage.program.settings.names("audio.speaker") == (HEADSET.id, "default")


async def test_a_chosen_device_that_is_away_is_named_with_what_is_used_instead(stage: Stage) -> None:
    await stage.sign_in()
    stage.doubles.sound.pull(HEADSET.id)
    view = stage.view(HeadsetView)
    assert view.microphone.missing == "Jabra Evolve2 (not plugged in)"
    note = view.microphone_note
    expected = "Jabra Evolve2 is not plugged in. Laptop microphone is used until it is back."
    assert (note.text, note.tone) == (expected, Tone.WARN)


async def test_the_ring_sounds_in_any_set_of_places(stage: Stage) -> None:
    headset = stage.board.headset
    await headset.ring_in(HEADSET.id, True)
    await headset.ring_in(SPEAKERS.id, True)
    await headset.ring_in("default", False)
    view = stage.view(HeadsetView)
    assert {place.id for place in view.rings if place.chosen} == {HEADSET.id, SPEAKERS.id}
    await headset.try_ring()
    assert set(stage.doubles.sound.tried) == {HEADSET.id, SPEAKERS.id}
    for place in (HEADSET.id, SPEAKERS.id):
        await headset.ring_in(place, False)
    note = stage.view(HeadsetView).ring_note
    assert (note.tone, note.text) == (Tone.BAD, "An incoming call makes no sound. Choose a place.")


@pytest.mark.parametrize("listed", [True, False])
async def test_a_file_in_use_is_shown_though_it_is_not_listed(stage: Stage, listed: bool) -> None:
    if not listed:
        for device in tuple(stage.doubles.sound.devices):
            stage.doubles.sound.pull(device.id)
    stage.doubles.sound.named = {"file:/tmp/says.wav": "says.wav", "file:/tmp/hears.wav": "hears.wav"}
    await stage.board.headset.choose(Role.MICROPHONE, "file:/tmp/says.wav")
    await stage.board.headset.choose(Role.SPEAKER, "file:/tmp/hears.wav")
    view = stage.view(HeadsetView)
    for choice, note, name in (
        (view.microphone, view.microphone_note, "says.wav"),
        (view.speaker, view.speaker_note, "hears.wav"),
    ):
        assert [option.text for option in choice.options if option.id == choice.chosen] == [name]
        assert (note.text, note.tone) == (f"{name} is in use.", Tone.QUIET)


async def test_the_order_of_preference_is_changed_at_once(stage: Stage) -> None:
    headset = stage.board.headset
    await headset.choose(Role.SPEAKER, HEADSET.id)
    await headset.move(Role.SPEAKER, SPEAKERS.id, -1)
    view = stage.view(HeadsetView)
    (order,) = (order for order in view.orders if order.role is Role.SPEAKER)
    assert [(row.id, row.place) for row in order.rows] == [
        (HEADSET.id, 1),
        (SPEAKERS.id, 2),
        ("default", 3),
    ]
    await headset.remove(Role.SPEAKER, HEADSET.id)
    assert stage.program.settings.names("audio.speaker") == (SPEAKERS.id, "default")
    assert stage.view(HeadsetView).speaker.chosen == SPEAKERS.id


async def test_the_second_on_the_list_is_no_warning(stage: Stage) -> None:
    dock = Device("fake:dock", "USB dock", True, True)
    stage.doubles.sound.plug(dock)
    for device in (HEADSET, dock):
        await stage.board.headset.choose(Role.MICROPHONE, device.id)
    stage.doubles.sound.pull(dock.id)
    note = stage.view(HeadsetView).microphone_note
    assert (note.icon, note.tone) == ("info", Tone.QUIET)
    assert note.text == "USB dock is not plugged in. Jabra Evolve2 is used until it is back."


async def test_where_a_second_call_is_heard(stage: Stage) -> None:
    view = stage.view(HeadsetView)
    assert (view.alert.chosen, view.alert_note) == ("speaker", None)
    assert view.alert.options[0].text == "With speech: Laptop speakers"
    await stage.board.headset.choose(Role.ALERT, HEADSET.id)
    assert stage.doubles.sound.state().alert_used == HEADSET.name
    stage.doubles.sound.pull(HEADSET.id)
    note = stage.view(HeadsetView).alert_note
    assert note is not None
    assert (note.text, note.tone) == (
        "Jabra Evolve2 is not plugged in. Laptop speakers is used until it is back.",
        Tone.QUIET,
    )


async def test_a_place_of_the_ring_that_is_away_can_be_taken_off(stage: Stage) -> None:
    headset = stage.board.headset
    await headset.ring_in(HEADSET.id, True)
    stage.doubles.sound.pull(HEADSET.id)
    (away,) = (place for place in stage.view(HeadsetView).rings if place.id == HEADSET.id)
    assert (away.text, away.chosen) == ("Jabra Evolve2 (not plugged in)", True)
    await headset.try_ring()
    assert stage.doubles.sound.tried == ["default"]
    await headset.ring_in(HEADSET.id, False)
    assert HEADSET.id not in [place.id for place in stage.view(HeadsetView).rings]


async def test_ringing_everywhere_leaves_nothing_else_to_choose(stage: Stage) -> None:
    await stage.board.headset.ring_in("*", True)
    rings = {place.id: place for place in stage.view(HeadsetView).rings}
    assert all(place.chosen for place in rings.values())
    assert [i for i, place in rings.items() if not place.locked] == ["*"]
    await stage.board.headset.try_ring()
    assert stage.doubles.sound.tried == [SPEAKERS.id, HEADSET.id]
    await stage.board.headset.ring_in("*", False)
    assert stage.program.settings.names("audio.ring") == ("default",)


async def test_echo_says_what_automatic_means_now(stage: Stage) -> None:
    headset = stage.board.headset
    assert stage.view(HeadsetView).echo_note == "On now, for Laptop speakers."
    await headset.choose(Role.SPEAKER, HEADSET.id)
    assert stage.view(HeadsetView).echo_note == "Off now: not needed with Jabra Evolve2."
    await headset.change("audio.echo_cancel", "on")
    await headset.change("audio.noise_suppression", "high")
    view = stage.view(HeadsetView)
    assert (view.echo.chosen, view.echo_note, view.noise.chosen) == ("on", "", "high")
    assert stage.doubles.sound.treatment == ("on", "high")


async def test_the_headset_s_buttons_are_switched_here(stage: Stage) -> None:
    assert stage.view(HeadsetView).buttons.on
    await stage.board.headset.change("headset.buttons", False)
    assert not stage.view(HeadsetView).buttons.on


async def test_what_policy_decides_of_the_sound_is_locked(tmp_path: Path) -> None:
    stage = Stage(tmp_path, {"audio.microphone": [HEADSET.id], "audio.noise_suppression": "high"})
    await stage.open()
    try:
        view = stage.view(HeadsetView)
        assert (view.microphone.locked, view.speaker.locked) == (True, False)
        assert (view.noise.locked, view.echo.locked, view.buttons.locked) == (True, False, False)
        assert [order.role for order in view.orders if order.locked] == [Role.MICROPHONE]
        assert view.locked_note
        await stage.board.headset.move(Role.MICROPHONE, MICROPHONE.id, -1)
        advice = stage.view(HeadsetView).advice
        assert advice is not None
        assert stage.program.settings.names("audio.microphone") == (HEADSET.id,)
    finally:
        await stage.close()


async def test_without_devices_the_page_says_so(stage: Stage) -> None:
    for device in tuple(stage.doubles.sound.devices):
        stage.doubles.sound.pull(device.id)
    view = stage.view(HeadsetView)
    assert view.microphone.options == ()
    assert view.microphone_note.tone is Tone.BAD
    assert view.rings == ()


async def test_a_ring_that_fails_is_told(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(_device: str) -> None:
        raise DeviceError("busy")

    with monkeypatch.context() as broken:
        broken.setattr(stage.doubles.sound, "try_ring", fails)
        await stage.board.headset.try_ring()
    advice = stage.view(HeadsetView).advice
    assert advice is not None
    assert advice.id == "failure-device"
    await stage.board.headset.try_ring()
    assert stage.view(HeadsetView).advice is None
    assert stage.doubles.sound.tried == ["default"]


async def test_where_nothing_chosen_is_there_the_system_s_output_rings(stage: Stage) -> None:
    headset = stage.board.headset
    await headset.ring_in(HEADSET.id, True)
    await headset.ring_in("default", False)
    stage.doubles.sound.pull(HEADSET.id)
    await headset.try_ring()
    assert stage.doubles.sound.tried == ["default"]


async def test_the_test_tone_plays(stage: Stage) -> None:
    await stage.board.headset.play_tone()
    assert stage.doubles.sound.played == ["test"]


async def test_levels_are_shares_and_a_word(stage: Stage) -> None:
    stage.program.bus.publish(LevelsChanged(-30.0, -60.0))
    view = stage.view(LevelsView)
    assert (view.microphone, view.speaker, view.word, view.heard) == (0.5, 0.0, "We hear you", True)
    stage.program.bus.publish(LevelsChanged(-96.0, 3.0))
    view = stage.view(LevelsView)
    assert (view.microphone, view.speaker, view.word) == (0.0, 1.0, "Say something")


async def test_the_meter_runs_while_anybody_looks(stage: Stage) -> None:
    levels, sound = stage.board.levels, stage.doubles.sound
    await levels.watch("call", True)
    await levels.watch("call", True)
    await levels.watch("settings", True)
    await levels.watch("call", False)
    assert sound.metering
    await levels.watch("settings", False)
    assert not sound.metering


async def test_settings_change_and_follow(stage: Stage) -> None:
    await stage.board.general.change("ui.theme", "dark")
    assert dict(stage.view(GeneralView).choices)["ui.theme"].chosen == "dark"
    await stage.program.settings.set("call.auto_answer", True)
    assert dict(stage.view(GeneralView).switches)["call.auto_answer"].on


async def test_what_the_company_decides_is_locked_and_a_refused_change_is_told(tmp_path: Path) -> None:
    stage = Stage(tmp_path, {"call.encryption": "required"})
    await stage.open()
    try:
        view = stage.view(GeneralView)
        assert dict(view.choices)["call.encryption"].locked
        assert view.locked_note
        await stage.board.general.change("call.encryption", "off")
        advice = stage.view(GeneralView).advice
        assert advice is not None
        assert advice.what_to_do == "Your company has decided it."
    finally:
        await stage.close()


async def test_the_language_changes_every_view(stage: Stage) -> None:
    await stage.board.speak(Words("fi"))
    assert stage.view(HeadsetView).ring_note.text.startswith("Puhelu soi:")
    assert stage.view(GeneralView).version.startswith("Versio")


async def test_the_headset_page_opens_by_itself_once(stage: Stage) -> None:
    assert await stage.board.headset_page_wanted()
    assert not await stage.board.headset_page_wanted()
