"""The guest page in Firefox: from the link into the meeting, sound and picture both ways, and back again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.guest_rig import AINO, Office, let_in, serving
from tests.lab.firefox import firefox, own_address
from tests.lab.meeting_host import MeetingHost

pytestmark = pytest.mark.peer

ON = "document.querySelectorAll('.toggle[data-status=on]').length === 2"
SEEN = "[...document.querySelectorAll('.stage video')].some(one => one.videoWidth > 0 && one.currentTime > 1)"

PLAYED = "/Did you hear|could not be played/.test(document.querySelector('.speaker').innerText)"
HEARD = "[...document.querySelectorAll('audio')].some(one => !one.paused && one.currentTime > 1)"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """A service whose engine stands at this machine's own address."""
    with serving(tmp_path / "office", f'[meetings]\nmedia_address = "{own_address()}"\n') as running:
        yield running


async def test_from_the_link_into_the_meeting_and_back(office: Office, tmp_path: Path) -> None:
    made = office.invite()
    link = made.links[0].link
    async with (
        MeetingHost.in_meeting(office.service, office.account, made.appointment.id) as host,
        firefox(tmp_path / "firefox") as page,
    ):
        await host.send_media()
        await page.open(link)
        assert "#" not in await page.evaluate("location.href")
        await page.press("Open the invitation")
        await page.press("Join the meeting")
        await page.sees("Test the equipment")
        await page.until(ON)
        await page.press("Play a tone")
        await page.until(
            "/Did you hear|could not be played/.test(document.querySelector('.speaker').innerText)"
        )
        await page.press("Join")
        await page.sees("You are in the lobby")
        waiting = await host.person(AINO, state="waiting")
        assert waiting["equipment"]["camera"] == waiting["equipment"]["microphone"] == "ok"

        inside = await let_in(host)
        await page.sees("Lending talk")
        await page.until(SEEN)
        await page.until(
            "[...document.querySelectorAll('audio')].some(one => !one.paused && one.currentTime > 1)"
        )
        await page.until("document.querySelector('.tile[data-speaking]') !== null")
        feed = await host.watch(inside["session"])
        await host.more_pictures(feed)
        assert (await host.media.stats(feed))["sounds"] > 0

        await page.reload()
        await page.until(SEEN, 6.0)
        assert (await host.person(AINO, state="connected"))["session"] == inside["session"]
        feed = await host.watch(inside["session"])
        await host.more_pictures(feed)
        await page.press("Leave")
        await page.sees("You have left the meeting")
        assert page.faults == []
