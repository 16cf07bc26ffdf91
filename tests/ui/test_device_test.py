"""The pages that test: what a press does in the running program, by mouse and by keyboard."""

from __future__ import annotations

import asyncio

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication

from softphone.domain.device import MicrophoneState
from softphone.domain.preshift import CheckFailed, Step
from softphone.domain.sound_test import Permission
from tests.doubles.scenes import SCENES
from tests.doubles.sound import HEADSET, SPEAKERS
from tests.doubles.stage import views_of
from tests.ui.conftest import MakeDesk
from tests.ui.live import Live
from tests.ui.scenes import arrange, settle
from tests.ui.test_program import Play, key, run

__all__ = ["run"]


async def open_page(live: Live, page: str) -> None:
    """Turn to a page, once the headset page has opened by itself."""
    await live.sign_in()
    await live.until(live.desk.settings.isVisible)
    live.desk.settings.open_page(page)
    await live.to_front(live.desk.settings)


def test_the_microphone_is_open_only_while_the_page_is_seen(run: Play) -> None:
    async def scenario(live: Live) -> None:
        sound, desk = live.doubles.sound, live.desk
        sound.open_microphone = MicrophoneState(level_dbfs=-20.0)
        await open_page(live, "test")
        await live.until(lambda: desk.settings.test.verdict.label.text() == "We hear you")
        assert sound.metering
        desk.settings.open_page("general")
        await live.until(lambda: not sound.metering)

    run(scenario)


def test_recording_by_keyboard_and_leaving_throws_it_away(run: Play) -> None:
    async def scenario(live: Live) -> None:
        sound, panel = live.doubles.sound, live.desk.settings.test
        sound.open_microphone = MicrophoneState(level_dbfs=-20.0)
        await open_page(live, "test")
        await live.until(panel.record.isEnabled)
        sound.patience.clear()
        panel.record.setFocus()
        await live.until(panel.record.hasFocus)
        await key("space")
        await live.until(lambda: panel.record.text() == "Stop")
        await live.on_engine(sound.patience.set)
        await live.until(panel.again.isVisible)
        assert panel.recording.label.text() == "This is how others hear you."
        panel.again.click()
        await live.until(lambda: sound.played.count("recording") == 2)
        live.desk.settings.open_page("headset")
        await live.until(lambda: sound.recording == 0.0)

    run(scenario)


def test_a_tone_is_asked_about_and_the_answer_stays(run: Play) -> None:
    async def scenario(live: Live) -> None:
        panel = live.desk.settings.test
        await open_page(live, "test")
        await live.until(lambda: SPEAKERS.id in panel.outputs)
        row = panel.outputs[SPEAKERS.id]
        row.tone.click()
        await live.until(row.no.isVisible)
        row.no.setFocus()
        await live.until(row.no.hasFocus)
        await key("space")
        await live.until(row.sign.isVisible)
        assert row.sign.label.text().startswith("Not heard")
        assert panel.outputs[HEADSET.id].sign.isHidden()
        assert live.doubles.sound.played == [f"tone {SPEAKERS.id}"]

    run(scenario)


def test_a_call_ends_the_test_and_the_page_says_so(run: Play) -> None:
    async def scenario(live: Live) -> None:
        panel = live.desk.settings.test
        await open_page(live, "test")
        await live.until(panel.echo.isEnabled)
        live.doubles.sound.patience.clear()
        panel.echo.click()
        await live.until(lambda: panel.echo.text() == "Stop")
        await live.on_engine(live.doubles.telephony.incoming)
        await live.until(panel.advice.isVisible)
        assert panel.advice.words() == "A call is going on. Test again after it."
        assert panel.echo.text() == "Check the echo"

    run(scenario)


def test_the_systems_switch_for_the_microphone_is_one_press_away(
    run: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []

    def note(url: QUrl) -> bool:
        opened.append(url.toString())
        return True

    monkeypatch.setattr(QDesktopServices, "openUrl", note)

    async def scenario(live: Live) -> None:
        live.doubles.line_check.permission = Permission("denied", "ms-settings:privacy-microphone")
        await open_page(live, "test")
        await live.until(live.desk.settings.test.place.isVisible)
        live.desk.settings.test.place.click()
        assert opened == ["ms-settings:privacy-microphone"]

    run(scenario)


def test_one_press_checks_everything_and_the_result_can_be_copied(run: Play) -> None:
    async def scenario(live: Live) -> None:
        page = live.desk.settings.preshift
        live.doubles.line_check.found[Step.RTP] = CheckFailed("no-call", (("number", "600"),))
        await open_page(live, "preshift")
        assert not page.copy.isEnabled()
        live.doubles.sound.patience.clear()
        page.start.setFocus()
        await live.until(page.start.hasFocus)
        await key("space")
        await live.until(lambda: page.start.text() == "Stop" and page.line.isVisible())
        await live.on_engine(live.doubles.sound.patience.set)
        await live.until(page.copy.isEnabled)
        assert page.summary.label.text() == "Something needs your attention."
        assert page.rows["rtp"].accessibleName().startswith("Sound both ways: The echo number 600")
        page.copy.click()
        copied = QGuiApplication.clipboard().text()
        assert "FAILED   rtp" in copied
        assert "a secret of nobody" not in copied

    run(scenario)


def test_a_check_can_be_stopped(run: Play) -> None:
    async def scenario(live: Live) -> None:
        page = live.desk.settings.preshift
        live.doubles.line_check.patience.clear()
        await open_page(live, "preshift")
        page.start.click()
        await live.until(lambda: page.start.text() == "Stop")
        page.start.click()
        await live.until(lambda: page.start.text() == "Check everything")
        assert page.summary.label.text() == "The check was stopped."

    run(scenario)


@pytest.mark.parametrize("language", ["en", "fi", "sv"])
@pytest.mark.parametrize(
    "scene",
    [scene for scene in SCENES if scene.name.startswith(("test", "check"))],
    ids=lambda scene: scene.name,
)
def test_nothing_is_wider_than_the_page(scene: object, language: str, make_desk: MakeDesk) -> None:
    """The page scrolls up and down only: what is too wide is out of reach."""
    found = next(one for one in SCENES if one is scene)
    desk = make_desk(language)
    arrange(desk, found, asyncio.run(views_of(found))[language])
    desk.settings.resize(desk.settings.minimumSize())
    settle(desk.settings)
    name, _, _ = found.window.partition("+")[2].partition(":")
    page = getattr(desk.settings, name)
    assert page.width() <= page.parentWidget().width()
