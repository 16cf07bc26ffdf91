"""A flood of calls as its person sees it: one popup, one sentence, in the person's language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from resources.words import LANGUAGES
from tests.e2e.window_rig import Windowed, beside, click, in_language, story, until, words_in
from tests.lab.flood import Aim, Flood
from tests.lab.ports import LOOPBACK
from tests.lab.switchboard import PASSWORD, Switchboard, switchboard

pytestmark = [pytest.mark.peer, pytest.mark.usefixtures("qapp")]

US, AINO, GATE = "1001", "1002", "7001"
INVITES, FLOOD_S = 200, 5.0
SETTINGS = {"control.enabled": "true", "ui.headset_page_shown": "true"}
SENTENCE = (
    "Very many calls come in at once, so new ones hear that you are busy.",
    "Calls you are in go on as usual. If this does not stop, tell your IT support.",
)


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Switchboard]:
    with switchboard(tmp_path_factory.mktemp("board"), routes=1) as running:
        running.phone(AINO)
        yield running


@story
async def test_a_thousand_calls_are_one_popup_and_one_sentence(board: Switchboard, tmp_path: Path) -> None:
    server = board.kamailio
    aim = Aim("invites", LOOPBACK, server.port, INVITES, FLOOD_S, LOOPBACK, board.route_port(GATE), US)
    made: list[object] = []
    async with Windowed(tmp_path / "program", SETTINGS) as program:
        desk = program.desk
        desk.popup_made.connect(made.append)
        address = f"{LOOPBACK}:{server.port}"
        await program.control("sign-in", server=address, user=US, password=PASSWORD, transport="udp")
        await program.registered()
        await program.control("dial", target=AINO)
        await until(lambda: re.fullmatch(r"\d+:\d\d", desk.call.timer.text()), "a timer")
        with closing(Flood(aim, tmp_path / "flood.log")) as flood:
            await beside(flood.wait)
        boxes = [box for box in desk.main.advice if box.isVisible()]
        assert len(boxes) == 1
        for language in LANGUAGES:
            await program.control("settings-set", key="ui.language", value=language)
            said = [in_language(text, language) for text in SENTENCE]
            await until(lambda words=said: words_in(boxes[0]) == words, said[0])  # type: ignore[misc]
            program.picture(f"flood.{language}", desk.main)
        assert len(made) == len(desk.popups) == 1
        assert sorted(call["state"] for call in await program.calls()) == ["active", "ringing"]
        (popup,) = desk.popups.values()
        await click(popup.decline)
        await until(lambda: not desk.popups, "the popup gone")
        assert [call["state"] for call in await program.calls()] == ["active"]
