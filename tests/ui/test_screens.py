"""Every screen in three languages and two themes: nothing clipped, everything named, everything reachable."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from functools import cache

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QApplication,
    QListView,
)

from resources.words import LANGUAGES, Words
from tests.doubles.scenes import SCENES
from tests.doubles.stage import Scene, views_of
from tests.ui.conftest import MakeDesk
from tests.ui.measure import SMALLEST, clipped, controls, focus_chain
from tests.ui.scenes import arrange
from ui.theme import ThemeChoice

SCENE = pytest.mark.parametrize("scene", SCENES, ids=[scene.name for scene in SCENES])
SMALLEST_IN_CALL = 48
TALLEST = 720
"""Logical pixels every laptop's screen has."""


@cache
def views(scene: Scene) -> dict[str, list[object]]:
    """A scene is played once for all languages and themes."""
    return asyncio.run(views_of(scene))


@SCENE
@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_clipped(scene: Scene, language: str, make_desk: MakeDesk) -> None:
    window = arrange(make_desk(language), scene, views(scene)[language])
    assert clipped(window) == []
    assert window.height() <= TALLEST


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_clipped_at_200_percent(screen: str, language: str) -> None:
    environment = {**os.environ, "QT_SCALE_FACTOR": "2"}
    measured = subprocess.run(
        [sys.executable, "-m", "tests.ui.measure", language],
        env=environment,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert measured.stdout.splitlines()[-1:] == ["measured at 2.0: nothing is clipped"], measured.stdout


@SCENE
def test_every_control_has_a_name(scene: Scene, make_desk: MakeDesk) -> None:
    window = arrange(make_desk("sv"), scene, views(scene)["sv"])
    nameless = [type(c).__name__ for c in controls(window) if not c.accessibleName()]
    assert nameless == []


def columns(scene: Scene) -> int:
    """How many columns the tab key goes down: those of the window, and parts that scroll past their frame."""
    beside = scene.window.startswith(("settings", "meetings.room")) or scene.name.startswith("meeting-test")
    scrolled = scene.window in ("main+meetings", "meetings.form")
    return 1 + beside + scrolled + (scene.name in ("room-lobby", "room-people"))


@SCENE
def test_every_control_is_reached_by_tab_in_reading_order(scene: Scene, make_desk: MakeDesk) -> None:
    window = arrange(make_desk(), scene, views(scene)["en"])
    if scene.window == "popup":
        assert all(c.focusPolicy() is Qt.FocusPolicy.NoFocus for c in controls(window))
        return
    wanted = [c for c in controls(window) if c.isEnabled() and c.focusPolicy() & Qt.FocusPolicy.TabFocus]
    chain = focus_chain(window)
    assert set(wanted) <= set(chain)
    tops = [c.mapTo(window, c.rect().topLeft()) for c in chain if c in wanted]
    jumps = [at for at in range(1, len(tops)) if tops[at].y() < tops[at - 1].y() - 24]
    assert len(jumps) < columns(scene)


@SCENE
def test_controls_are_large_enough(scene: Scene, make_desk: MakeDesk) -> None:
    window = arrange(make_desk(), scene, views(scene)["en"])
    lowest = [c for c in controls(window) if not isinstance(c, QListView) and c.height() < SMALLEST]
    assert [f"{type(c).__name__} {c.accessibleName()} {c.height()}" for c in lowest] == []


@pytest.mark.parametrize("choice", [ThemeChoice.LIGHT, ThemeChoice.DARK])
def test_call_controls_are_48_high(choice: ThemeChoice, make_desk: MakeDesk) -> None:
    scene = next(scene for scene in SCENES if scene.name == "call")
    desk = make_desk("fi", choice)
    arrange(desk, scene, views(scene)["fi"])
    call = desk.call
    for control in (call.mute, call.hold, call.keys, call.transfer, call.hang_up):
        assert control.height() >= SMALLEST_IN_CALL


def test_a_language_changes_at_run_time_and_nothing_typed_is_lost(make_desk: MakeDesk) -> None:
    scene = next(scene for scene in SCENES if scene.name == "sign-in-no-right")
    desk = make_desk("en")
    arrange(desk, scene, views(scene)["en"])
    desk.look.speak(Words("sv"))
    for view in views(scene)["sv"]:
        desk.show_view(view)
    QApplication.processEvents()
    assert desk.sign_in.submit.text() == "Logga in"
    assert desk.sign_in.server.editor.text() == "vip.example.com"
    assert "rätt att använda" in desk.sign_in.refusal.words()
    assert desk.sign_in.password.editor.text() != ""
