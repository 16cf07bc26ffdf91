"""A customer's browser meets the agent's program: the real page, service, engine and program."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from statistics import median
from typing import Any

import pytest
from playwright.async_api import Page, expect

from media.video.timecode import CELLS, ROW, SEAL
from tests.e2e.guest_rig import customer
from tests.e2e.meeting_rig import EXPERT, Attendee, Company, Json, an_hour_from_now, company, host, keyring
from tests.e2e.test_guest_picture import LATEST_MS, TIMED
from tests.lab.browser import chromium, new_context

pytestmark = [pytest.mark.peer, pytest.mark.timeout(240)]

__all__ = ["company", "host", "keyring"]

NAME = "Casper Customer"
FRAMES = 20


class Agent:
    """The program, asked beside the loop that drives the browser."""

    def __init__(self, host: Attendee) -> None:
        self._host = host

    async def ask(self, action: str, **arguments: object) -> Json:
        """`meeting ACTION`."""
        return await asyncio.to_thread(lambda: self._host.ask(action, **arguments))

    async def until(self, wanted: Callable[[Json], object], what: str) -> Json:
        """The first status that fits."""
        return await asyncio.to_thread(self._host.until, wanted, what)

    async def sees(self, kind: str) -> Json:
        """What flows from the customer."""
        return await asyncio.to_thread(self._host.sees, kind)


def guest_of(status: Json) -> Json:
    """The one customer there is."""
    [guest] = status["participants"]
    found: dict[str, Any] = guest
    return found


async def delays(page: Page) -> list[int]:
    """How old the program's pictures are on the page, in ms, by the time they tell."""
    told: list[int | None] = [await page.evaluate("window.delay()") for _ in range(3 * FRAMES)]
    read = [one for one in told if one is not None]
    assert len(read) >= FRAMES, "the program's time code is not read on the page"
    return read


async def test_from_the_link_to_goodbye(company: Company, host: Attendee) -> None:
    agent = Agent(host)
    made = await agent.ask("create", appointment=an_hour_from_now())
    [invited] = made["participants"]
    await agent.ask("open", target=made["id"])
    await agent.ask("join", camera="on", microphone="on")
    async with chromium() as browser:
        context = await new_context(browser)
        await context.add_init_script(TIMED % {"cells": CELLS, "row": ROW, "seal": SEAL})
        async with customer(context, company.service.url) as (_, person):
            page = person.page
            await person.to_lobby(invited["link"])
            waiting = guest_of(await agent.until(lambda status: status["participants"], "a knock"))
            assert (waiting["name"], waiting["state"], waiting["client"]) == (NAME, "waiting", "browser")
            assert waiting["equipment"]["camera"] == "ok"
            await agent.ask("admit", id=waiting["id"])
            await person.sees("Loan advice")
            await person.picture()

            assert median(await delays(page)) < LATEST_MS
            video = await agent.sees("video")
            assert video["codec"].upper() == "VP8"
            assert (video["width"], video["height"]) == (640, 360) or video["height"] >= 180
            await agent.sees("audio")

            code = (await agent.ask("code"))["code"]
            await page.get_by_role("textbox", name="Confirmation code").fill(code)
            await person.press("Confirm")
            await agent.until(lambda status: guest_of(status)["code_confirmed"], "the code confirmed")

            await agent.ask("chat", text="Here is the number of our desk")
            await expect(page.get_by_role("button", name="Messages, one unread")).to_be_visible()
            await expect(page.locator(f"a[href='tel:{EXPERT}']").first).to_be_visible()

            await page.reload()
            await person.picture()
            back = guest_of(await agent.until(lambda status: guest_of(status)["camera"], "the picture again"))
            assert (back["state"], back["code_confirmed"]) == ("connected", True)

            await agent.ask("end")
            await expect(page.get_by_role("heading", level=1)).to_contain_text("ended")
    assert (await agent.ask("status"))["state"] in ("left", "none")
