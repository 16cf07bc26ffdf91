"""Every screen of the guest page: clean for axe-core and no wider than the screen, in every language, by day
and by night, on a phone, on a desk, at twice the size. The service is of paper, so that each can be shown."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.doubles.guest_service import GuestService, appointment, host, in_minutes, line, person
from tests.lab.browser import PHONE, WIDE, Tab, assert_accessible, chromium, new_context, new_tab, until
from tests.lab.certificates import Authority

pytestmark = pytest.mark.peer
PICTURES = "GUEST_PICTURES"
"""A folder: every screen is kept there as a picture, for people to look at."""


@pytest_asyncio.fixture
async def service(authority: Authority) -> AsyncIterator[GuestService]:
    async with GuestService().running(authority.issue("127.0.0.1")) as running:
        yield running


class Tour:
    """Looks at every screen that comes, in one language, size and colour."""

    def __init__(self, service: GuestService, tab: Tab, name: str) -> None:
        self.service, self.tab, self.page, self._name = service, tab, tab.page, name

    async def look(self, screen: str) -> None:
        """The screen is there, and fine."""
        await expect(self.page.locator("h1")).to_be_visible()
        await assert_accessible(self.page)
        await assert_large_enough(self.page)
        if PICTURES in os.environ:
            path = Path(os.environ[PICTURES], f"{self._name}-{screen}.png")
            await self.page.screenshot(path=path, full_page=True)

    async def press(self, place: str) -> None:
        """A button by where it stands: words differ by language."""
        await self.page.locator(place).first.click()

    async def all(self) -> None:
        """From the link to goodbye."""
        await self.page.goto(self.service.link)
        await self.look("1-sealed")
        await self.press(".primary")
        await expect(self.page.locator(".facts")).to_be_visible()
        await self.look("2-invitation")
        await self.press(".primary")
        await self._test_page()
        await self._lobby()
        await self._meeting()
        await self.service.move("removed", reason="We are closed")
        await expect(self.page.locator("blockquote")).to_be_visible()
        await self.look("6-goodbye")

    async def _test_page(self) -> None:
        await expect(self.page.locator(".toggle[data-status=on]")).to_have_count(2)
        await expect(self.page.locator(".meter[data-heard]")).to_be_visible()
        await self.look("3-test")
        await self.press(".speaker .button")
        await expect(self.page.locator(".question")).to_be_visible()
        await self.look("3-test-tone")
        await self.press(".question .button:last-child")
        await self.press(".toggle")
        await expect(self.page.locator(".toggle[data-status=off]")).to_have_count(1)
        await self.look("3-test-off")
        await self.press(".toggle")
        await self.press(".actions .primary")

    async def _lobby(self) -> None:
        await self.service.received("knock")
        await expect(self.page.locator(".waiting")).to_be_visible()
        await self.service.tell("chat-added", line=line("Five minutes, sorry!", lobby=True))
        await expect(self.page.locator(".lines li")).to_be_visible()
        await self.look("4-lobby")

    async def _meeting(self) -> None:
        self.service.others = [
            host(camera=True, microphone=True),
            person("session-3", "Matti Meikäläinen-Virtanen", code_confirmed=True),
        ]
        for one in self.service.others:
            await self.service.tell("person-changed", person=one)
        await self.service.move("connected")
        await expect(self.page.locator(".conference")).to_be_visible()
        await self.look("5-meeting")
        await self.service.tell("chat-added", line=line("Can you see the papers?"))
        await expect(self.page.locator(".count")).to_be_visible()
        await self.press(".bubble")
        await expect(self.page.locator(".panel")).to_be_visible()
        await self.look("5-meeting-chat")
        await self.page.keyboard.press("Escape")
        self.service.answers["confirm-code"] = {"type": "refused", "code": "wrong-code", "tries_left": 4}
        await self.page.locator("#code").fill("123456")
        await self.page.keyboard.press("Enter")
        await expect(self.page.locator(".code .note.bad")).to_be_visible()
        await self.look("5-meeting-code")


async def assert_large_enough(page: Page) -> None:
    """What is to be pressed is 44 px high, and as wide."""
    small = await page.evaluate(
        """[...document.querySelectorAll('button, select, input, textarea, summary, a[href]')]
        .filter(one => one.checkVisibility({visibilityProperty: true}))
        .map(one => [one.outerHTML.slice(0, 80), one.getBoundingClientRect()])
        .filter(([, box]) => box.height < 43.9 || box.width < 43.9).map(([text]) => text)"""
    )
    assert not small, small


async def tour(
    browser: Browser, service: GuestService, *, language: str, dark: bool, size: tuple[int, int]
) -> None:
    """All screens."""
    context = await new_context(browser, language=language, dark=dark, size=size)
    tab = await new_tab(context)
    tab.expected = ("Failed to load resource",)
    name = f"{language}-{'dark' if dark else 'light'}-{size[0]}"
    await Tour(service, tab, name).all()
    tab.check(service.address)
    await context.close()


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "fi", "sv"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, WIDE], ids=["phone", "desk"])
async def test_every_screen_is_accessible(
    service: GuestService, language: str, dark: bool, size: tuple[int, int]
) -> None:
    async with chromium() as browser:
        await tour(browser, service, language=language, dark=dark, size=size)


async def test_at_twice_the_size_nothing_is_cut_off(service: GuestService) -> None:
    async with chromium() as browser:
        await tour(browser, service, language="fi", dark=False, size=(WIDE[0] // 2, WIDE[1] // 2))


async def test_before_it_opens_the_page_counts_down_and_lets_one_test(service: GuestService) -> None:
    service.invitation["appointment"] = appointment(opens_at=in_minutes(0.12), expert_number="")
    async with chromium() as browser:
        context = await new_context(browser)
        tab = await new_tab(context)
        page = tab.page
        await page.goto(service.link)
        await page.get_by_role("button", name="Open the invitation").click()
        await expect(page.get_by_text("Opens in 0:0", exact=False)).to_be_visible()
        await expect(page.get_by_role("button", name="Join the meeting")).to_be_disabled()
        await Tour(service, tab, "en-early").look("2-invitation")
        await page.get_by_role("button", name="Test the equipment").click()
        await expect(page.get_by_role("button", name="Join", exact=True)).to_be_disabled()
        assert not service.commands
        await expect(page.get_by_role("button", name="Join", exact=True)).to_be_enabled(timeout=15_000)
        await page.get_by_role("button", name="Join", exact=True).click()
        await expect(page.get_by_role("heading", name="You are in the lobby")).to_be_visible()
        tab.check(service.address)


async def test_days_ahead_the_page_names_the_day(service: GuestService) -> None:
    service.invitation["appointment"] = appointment(
        start=in_minutes(6000), end=in_minutes(6060), opens_at=in_minutes(5985), closes_at=in_minutes(6120)
    )
    async with chromium() as browser:
        tab = await new_tab(await new_context(browser, size=PHONE))
        await tab.page.goto(service.link)
        await tab.page.get_by_role("button", name="Open the invitation").click()
        await expect(tab.page.get_by_text("on any day", exact=False)).to_be_visible()
        await expect(tab.page.get_by_text("Opens in", exact=False)).to_be_hidden()
        await tab.page.get_by_role("button", name="Test the equipment").click()
        await expect(tab.page.locator(".toggle[data-status=on]")).to_have_count(2)
        await Tour(service, tab, "en-ahead").look("3-test")
        await tab.page.get_by_role("button", name="Back").click()
        await expect(tab.page.locator("h1")).to_be_focused()
        await until(tab.page, "document.querySelector('video') === null")


async def test_languages_nobody_speaks_here_give_the_invitations(service: GuestService) -> None:
    service.invitation["language"] = "sv"
    async with chromium() as browser:
        tab = await new_tab(await new_context(browser, language="de-DE"))
        await tab.page.goto(service.link)
        await tab.page.get_by_role("button", name="Avaa kutsu").click()
        await expect(tab.page.get_by_role("button", name="Anslut dig till mötet")).to_be_visible()
        assert await tab.page.evaluate("document.documentElement.lang") == "sv"


@pytest.mark.parametrize(
    "code",
    ["link-unknown", "link-expired", "meeting-cancelled", "meeting-over", "too-old", "something-new"],
)
async def test_every_refusal_has_a_screen(service: GuestService, code: str) -> None:
    service.refusal = code
    async with chromium() as browser:
        tab = await new_tab(await new_context(browser, size=PHONE))
        await tab.page.goto(service.link)
        await tab.page.get_by_role("button", name="Open the invitation").click()
        await expect(tab.page.locator("main.goodbye h1")).to_be_focused()
        await Tour(service, tab, f"en-{code}").look("6-goodbye")


async def test_all_of_it_by_keyboard(service: GuestService) -> None:
    async with chromium() as browser:
        tab = await new_tab(await new_context(browser))
        page = tab.page
        await page.goto(service.link)
        for _ in range(2):
            await expect(page.locator("h1")).to_be_focused()
            await page.keyboard.press("Tab")
            await page.keyboard.press("Enter")
            await expect(page.locator("main:not(.sealed) h1")).to_be_focused()
        await expect(page.locator(".toggle[data-status=on]")).to_have_count(2)
        names = []
        for _ in range(7):
            await page.keyboard.press("Tab")
            names.append(await page.evaluate("document.activeElement.id || document.activeElement.innerText"))
        assert [name.split("\n")[0] for name in names] == [
            "Camera", "Microphone", "choose-camera", "choose-microphone", "choose-speaker", "Play a tone",
            "Join",
        ]  # fmt: skip
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="You are in the lobby")).to_be_focused()
        tab.check(service.address)
