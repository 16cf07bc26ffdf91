"""The camera on the test page."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from resources.words import LANGUAGES, Words
from softphone.domain.meeting import DeviceCheck
from softphone.presenters.camera_test import SETTINGS, CameraPresenter, CameraView
from softphone.presenters.parts import Tone
from tests.doubles.cameras import DESK, LAPTOP
from tests.doubles.stage import Stage


def view(stage: Stage) -> CameraView:
    return stage.view(CameraView)


@pytest.fixture
async def looking(stage: Stage) -> AsyncIterator[Stage]:
    """Somebody looks at the test page."""
    await stage.board.meetings.camera.watch(True, True)
    yield stage


async def test_the_camera_is_open_only_while_somebody_looks_and_wants_a_picture(stage: Stage) -> None:
    camera = stage.board.meetings.camera
    assert not stage.cameras.open
    await camera.watch(True, True)
    assert (stage.cameras.open, view(stage).sign.text) == (True, "This is how others see you.")
    await camera.watch(True, False)
    assert not stage.cameras.open
    assert view(stage).sign.text == "Your camera is off. You can switch it on later."
    await camera.watch(True, True)
    await camera.watch(True, True)
    assert stage.cameras.openings == 2
    await camera.watch(False, True)
    assert not stage.cameras.open


async def test_in_two_places_it_is_opened_once_and_closed_when_both_have_seen_enough(stage: Stage) -> None:
    camera = stage.board.meetings.camera
    await camera.watch(True, True)
    await camera.watch(True, True, SETTINGS)
    assert (stage.cameras.open, stage.cameras.openings) == (True, 1)
    await camera.release()
    assert stage.cameras.open, "the settings still show it"
    await camera.watch(False, False, SETTINGS)
    assert (stage.cameras.open, camera.found) == (False, DeviceCheck.OK), "how it was is told to the host"


@pytest.mark.parametrize(
    ("check", "tone", "again"),
    [
        (DeviceCheck.DENIED, Tone.BAD, True),
        (DeviceCheck.BUSY, Tone.WARN, True),
        (DeviceCheck.BLACK, Tone.WARN, False),
        (DeviceCheck.FAILED, Tone.BAD, True),
    ],
)
async def test_each_trouble_has_its_own_sentence_in_every_language(
    stage: Stage, check: DeviceCheck, tone: Tone, again: bool
) -> None:
    stage.cameras.opening = check
    await stage.board.meetings.camera.watch(True, True)
    assert (view(stage).sign.tone, view(stage).again) == (tone, again)
    said = set()
    for language in LANGUAGES:
        await stage.board.speak(Words(language))
        said.add(view(stage).sign.text)
    assert len(said) == len(LANGUAGES)


@pytest.mark.parametrize(
    ("platform", "place", "where"),
    [
        ("win32", "ms-settings:privacy-webcam", "Windows Settings"),
        ("darwin", "x-apple.systempreferences:", "System Settings"),
        ("linux", "", "Ask your IT support"),
    ],
)
async def test_a_denied_camera_says_where_to_change_it(
    stage: Stage, platform: str, place: str, where: str
) -> None:
    seen: list[CameraView] = []
    stage.cameras.opening = DeviceCheck.DENIED
    camera = CameraPresenter(
        stage.cameras, stage.program.settings, Words("en"), seen.append, platform=platform
    )
    await camera.watch(True, True)
    assert seen[-1].place.startswith(place)
    assert bool(seen[-1].place) is bool(place)
    assert seen[-1].help.startswith(where)
    stage.cameras.opening = DeviceCheck.OK
    await camera.again()
    assert (seen[-1].place, seen[-1].help) == ("", "")


async def test_a_picture_that_turns_black_is_told_and_one_that_comes_back_too(looking: Stage) -> None:
    looking.cameras.now = DeviceCheck.BLACK
    looking.board.meetings.tick()
    assert "black" in view(looking).sign.text
    looking.cameras.now = DeviceCheck.OK
    looking.board.meetings.tick()
    assert view(looking).sign.text == "This is how others see you."


async def test_unplugging_the_last_camera_is_told_at_once(looking: Stage) -> None:
    looking.cameras.plug()
    looking.cameras.chosen = ""
    looking.board.meetings.camera.render()
    assert (view(looking).choice.missing, view(looking).choice.locked) == ("No camera", True)
    assert view(looking).sign.text == "No camera was found. Plug one in, or join without."


async def test_one_that_is_plugged_in_late_is_seen_and_joins_switched_on(stage: Stage) -> None:
    stage.cameras.opening = DeviceCheck.MISSING
    stage.cameras.known = ()
    await stage.board.meetings.camera.watch(True, True)
    assert view(stage).sign.text == "No camera was found. Plug one in, or join without."
    stage.cameras.opening = DeviceCheck.OK
    stage.cameras.plug(LAPTOP)
    assert (view(stage).sign.tone, stage.board.meetings.camera.found) == (Tone.GOOD, DeviceCheck.OK)


async def test_one_that_is_unplugged_and_plugged_again_is_told_each_time(looking: Stage) -> None:
    looking.cameras.opening = DeviceCheck.MISSING
    looking.cameras.plug(DESK)
    assert view(looking).sign.tone is Tone.WARN
    looking.cameras.opening = DeviceCheck.OK
    looking.cameras.plug(LAPTOP, DESK)
    assert view(looking).sign.tone is Tone.GOOD


async def test_one_that_could_be_opened_after_all_is_noticed_in_time(stage: Stage) -> None:
    stage.cameras.opening = DeviceCheck.BUSY
    await stage.board.meetings.camera.watch(True, True)
    stage.board.meetings.tick()
    assert view(stage).again
    stage.cameras.open = True
    stage.board.meetings.tick()
    assert (view(stage).sign.tone, view(stage).again) == (Tone.GOOD, False)


async def test_the_page_says_that_another_one_is_used_while_the_chosen_one_is_away(looking: Stage) -> None:
    camera = looking.board.meetings.camera
    looking.cameras.chosen = DESK.id
    await camera.choose(DESK.id)
    assert view(looking).help == ""
    looking.cameras.plug(LAPTOP)
    assert view(looking).choice.chosen == LAPTOP.id
    assert view(looking).help == "Laptop camera is used, as the one you chose is not there."
    said = set()
    for language in LANGUAGES:
        await looking.board.speak(Words(language))
        said.add(view(looking).help)
    assert len(said) == len(LANGUAGES)
    await camera.watch(True, False)
    assert view(looking).help == "", "none is used"
    await camera.watch(True, True)
    looking.cameras.plug(LAPTOP, DESK)
    assert (view(looking).choice.chosen, view(looking).help) == (DESK.id, "")


async def test_another_camera_is_opened_when_it_is_chosen(looking: Stage) -> None:
    assert [option.text for option in view(looking).choice.options] == [LAPTOP.name, DESK.name]
    await looking.board.meetings.camera.choose(DESK.id)
    assert looking.program.settings.text("video.camera") == DESK.id
    assert looking.cameras.openings == 2


async def test_a_film_that_is_no_listed_camera_is_still_shown_as_the_one_in_use(stage: Stage) -> None:
    stage.cameras.plug()
    film = LAPTOP
    stage.cameras.used = lambda: film  # type: ignore[method-assign]
    await stage.board.meetings.camera.watch(True, True)
    assert (view(stage).choice.chosen, view(stage).sign.tone) == (film.id, Tone.GOOD)
