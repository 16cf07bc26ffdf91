"""What tests of the guest page share: a service with a host's account, and a customer's steps on the page."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from service_api.appointments import AppointmentMade
from tests.lab.browser import Tab, chromium, new_context, new_tab, until
from tests.lab.meeting_host import Json, MeetingHost
from tests.lab.service import Employee, LabService, SignedIn, lab_service

NUMBER, PASSWORD = "0401234567", "Kettle-Harbour-93"
HOST, AINO, MATTI = "Olli Asiantuntija", "Aino Asiakas", "Matti Meikäläinen"
SHOWN = "[...document.querySelectorAll('.tile:not(.own) video')].filter(v => !v.hidden && v.videoWidth > 0)"
PICTURE = f"{SHOWN}.length > 0"


@dataclass(frozen=True, slots=True)
class Office:
    """A running service and the host's account in it."""

    service: LabService
    account: SignedIn

    def invite(self, *names: str, **members: object) -> AppointmentMade:
        """An appointment that is open now."""
        usual = {"office": "Helsinki", "expert_number": "010 123 4567", "title": "Lending talk"}
        return self.service.make_appointment(self.account, names or (AINO,), **{**usual, **members})

    @contextlib.asynccontextmanager
    async def meeting(self, *names: str, **members: object) -> AsyncIterator[Meeting]:
        """The host in a meeting, and a customer before a browser."""
        made = self.invite(*names, **members)
        identity = made.appointment.id
        async with (
            MeetingHost.in_meeting(self.service, self.account, identity) as host,
            chromium() as browser,
        ):
            context = await new_context(browser)
            async with customer(context, self.service.url) as (tab, aino):
                yield Meeting(host, browser, context, tab, aino, made.links[0].link)


@dataclass(frozen=True, slots=True)
class Meeting:
    """`link` is the customer's own."""

    host: MeetingHost
    browser: Browser
    context: BrowserContext
    tab: Tab
    aino: Steps
    link: str

    async def begin(self) -> Json:
        """The host sends, the customer was let in and sees it; the customer's place."""
        await self.host.send_media()
        await self.aino.to_lobby(self.link)
        inside = await let_in(self.host)
        await self.aino.sees("Lending talk")
        await self.aino.picture()
        return inside


@contextlib.contextmanager
def serving(folder: Path, config: str = "") -> Iterator[Office]:
    """A service and its host's account; while it served it logged no fault of its own."""
    with lab_service(folder, Employee(NUMBER, PASSWORD, HOST), config=config) as service:
        yield Office(service, service.sign_in(NUMBER, PASSWORD))
        faults = [one for one in service.log.splitlines() if " ERROR " in one or "Traceback" in one]
        assert not faults, service.log[-4000:]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """One for all tests of a module."""
    with serving(tmp_path_factory.mktemp("office") / "service") as running:
        yield running


class Steps:
    """What a customer does, by the words on the screen (English)."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def press(self, name: str) -> None:
        """A button by its words."""
        await self.page.get_by_role("button", name=name, exact=True).click()

    async def sees(self, heading: str, within_s: float = 15.0) -> None:
        """A screen by its heading, which has the focus."""
        found = self.page.get_by_role("heading", name=heading, level=1)
        await expect(found).to_be_visible(timeout=within_s * 1000)
        await expect(found).to_be_focused()

    async def to_test(self, link: str) -> None:
        """From the link to the test page."""
        await self.page.goto(link)
        await self.press("Open the invitation")
        await self.press("Join the meeting")
        await self.sees("Test the equipment")

    async def to_lobby(self, link: str) -> None:
        """From the link into the lobby, equipment on."""
        await self.to_test(link)
        await expect(self.page.locator(".toggle[data-status=on]")).to_have_count(2, timeout=15_000)
        await self.press("Join")
        await self.sees("You are in the lobby")

    async def picture(self, within_s: float = 15.0) -> None:
        """Somebody's picture is there, and moves."""
        await until(self.page, PICTURE, within_s)
        await moving(self.page, within_s)


async def moving(page: Page, within_s: float = 10.0) -> None:
    """New frames of the large picture come."""
    count = "document.querySelector('.stage video').getVideoPlaybackQuality().totalVideoFrames"
    before = await page.evaluate(count)
    await until(page, f"{count} > {before} + 5 || {count} < {before}", within_s)


async def let_in(host: MeetingHost, name: str = AINO) -> Json:
    """Admit who waits; their place, connected."""
    waiting = await host.person(name, state="waiting")
    await host.send("admit", session=waiting["session"])
    return await host.person(name, state="connected")


@contextlib.asynccontextmanager
async def customer(context: BrowserContext, address: str) -> AsyncIterator[tuple[Tab, Steps]]:
    """A watched tab; at the end nothing went wrong in it."""
    tab = await new_tab(context)
    yield tab, Steps(tab.page)
    tab.check(address)
