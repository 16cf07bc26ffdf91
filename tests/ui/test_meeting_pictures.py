"""Pictures: one's own camera, and those of the others in the meeting's window."""

from __future__ import annotations

import asyncio
import threading

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from softphone.domain.meeting import SessionState
from softphone.domain.picture import Frame
from tests.doubles.meetings import a_meeting, a_person, the_host
from tests.ui.played_meetings import Play, Played, run
from tests.ui.test_program import key
from ui.widgets.picture import PictureView

__all__ = ["run"]


def test_the_camera_is_open_only_while_ones_picture_is_wanted_and_the_page_seen(run: Play) -> None:
    async def scenario(played: Played) -> None:
        live, cameras = played.live, played.cameras
        settings, camera = live.desk.settings, live.desk.settings.test.camera
        await live.sign_in()
        await live.until(settings.isVisible)
        settings.open_page("test")
        await live.to_front(settings)
        await live.until(camera.show_picture.isEnabled)
        assert not cameras.open
        camera.show_picture.setFocus()
        await live.until(camera.show_picture.hasFocus)
        await key("space")
        await live.until(lambda: cameras.open and camera.part.isVisible())
        await live.until(lambda: camera.part.sign.label.text() == "This is how others see you.")
        assert camera.show_picture.text() == "Stop"
        camera.picked.emit("fake:desk")
        await live.until(lambda: cameras.openings == 2)
        settings.open_page("general")
        await live.until(lambda: not cameras.open)
        settings.open_page("test")
        assert camera.part.isHidden()
        assert camera.show_picture.text() == "Show my picture"

    run(scenario)


def frame(red: int, green: int, blue: int) -> Frame:
    """A picture of one colour."""
    pixels = np.zeros((90, 160, 4), np.uint8)
    pixels[:, :, :3] = (blue, green, red)
    return Frame(pixels)


def test_pictures_from_any_thread_are_painted_and_the_newest_wins(run: Play) -> None:
    async def scenario(played: Played) -> None:
        live, room = played.live, played.live.desk.meetings.room
        await played.inside()
        tile, slot = room.stage.tiles["s1"], played.meetings.picture("s1")

        def put() -> None:
            for shade in range(0, 256, 5):
                slot.put(frame(shade, 0, 0))
            slot.put(frame(10, 200, 30))

        thread = threading.Thread(target=put)
        thread.start()
        await asyncio.get_running_loop().run_in_executor(None, thread.join)

        def middle() -> tuple[int, int, int]:
            colour = tile.grab().toImage().pixelColor(tile.width() // 2, tile.height() // 2)
            return colour.red(), colour.green(), colour.blue()

        await live.until(lambda: middle() == (10, 200, 30))
        assert slot.dropped > 0
        slot.put(None)
        await live.until(lambda: not tile.has_picture)

    run(scenario)


def test_ones_own_picture_is_seen_wherever_it_is_shown(run: Play) -> None:
    async def scenario(played: Played) -> None:
        live, desk, slot = played.live, played.live.desk, played.cameras.slot
        played.meetings.slots[""] = slot
        settings, camera = desk.settings, desk.settings.test.camera

        async def seen_by(*views: PictureView) -> None:
            slot.put(None)
            await live.until(lambda: not any(view.has_picture for view in views))
            slot.put(frame(10, 200, 30))
            await live.until(lambda: all(view.has_picture for view in views))

        await live.sign_in()
        await live.until(settings.isVisible)
        settings.open_page("test")
        await live.until(camera.show_picture.isEnabled)
        camera.show_picture.click()
        await live.until(camera.part.picture.isVisible)
        await seen_by(camera.part.picture)
        await played.inside()
        tile = desk.meetings.room.stage.tiles[""]
        await live.until(tile.isVisible)
        await seen_by(camera.part.picture, tile)
        await played.show(None)
        await live.until(desk.meetings.room.isHidden)
        await seen_by(camera.part.picture)
        about = played.appointment()
        await played.show(a_meeting(appointment=about, you=the_host(state=SessionState.PREJOIN)))
        await live.until(desk.meetings.page.test.isVisible)
        await seen_by(camera.part.picture, desk.meetings.page.test.camera.picture)

    run(scenario)


def test_a_hidden_or_small_picture_asks_for_less(run: Play) -> None:
    async def scenario(played: Played) -> None:
        live, room = played.live, played.live.desk.meetings.room
        await played.inside(people=(a_person(speaking=True), a_person(session="s2", name="Doris Director")))
        looks = played.meetings.looks
        await live.until(lambda: looks.get("s1", 0) > 300 and 60 < looks.get("s2", 0) < 200)
        assert "" not in looks
        room.stage.show_only("s1")
        await live.until(lambda: looks["s2"] == 0)
        room.stage.show_only(None)
        await live.until(lambda: looks["s2"] > 0)
        room.grid.click()
        await live.until(lambda: looks["s1"] == looks["s2"] or abs(looks["s1"] - looks["s2"]) < 8)
        room.showMinimized()
        await live.until(lambda: looks["s1"] == looks["s2"] == 0)
        room.showNormal()
        await live.until(lambda: looks["s1"] > 0)
        room.hide()
        await live.until(lambda: looks["s1"] == looks["s2"] == 0)

    run(scenario)


def test_one_picture_fills_the_screen_and_escape_brings_everybody_back(run: Play) -> None:
    async def scenario(played: Played) -> None:
        live, room = played.live, played.live.desk.meetings.room
        await played.inside()
        QTest.mouseDClick(room.stage.tiles["s1"], Qt.MouseButton.LeftButton)
        await live.until(room.isFullScreen)
        assert not room.stage.tiles[""].isVisible()
        assert room.toolbar.isVisible()
        QTest.keyClick(room, Qt.Key.Key_Escape)
        await live.until(lambda: not room.isFullScreen())
        assert room.stage.tiles[""].isVisible()
        QTest.keyClick(room, Qt.Key.Key_F11)
        await live.until(room.isFullScreen)
        room.toolbar.whole.click()
        await live.until(lambda: not room.isFullScreen())

    run(scenario)
