"""Debian's Chromium on the guest page, driven by Playwright, with devices that are none.

Whatever the page's console says or its policy forbids is kept, and fails the test that doesn't expect it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from tests.lab.chromium import ALLOW, COMMON, DEVICES

CHROMIUM = "/usr/bin/chromium"
WIDE = (1280, 800)
PHONE = (360, 720)
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
WATCH_POLICY = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));
"""


@dataclass
class Tab:
    """One page and what went wrong in it. `expected` are parts of console lines that may come."""

    page: Page
    faults: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    expected: tuple[str, ...] = ()

    def check(self, address: str) -> None:
        """Nothing went wrong, and nothing was asked of anybody else."""
        faults = [fault for fault in self.faults if not any(part in fault for part in self.expected)]
        assert not faults, faults
        strangers = [
            url for url in self.requests if not url.startswith((address, address.replace("http", "ws", 1)))
        ]
        assert not strangers, strangers


@contextlib.asynccontextmanager
async def chromium(*flags: str, allow: bool = True, few_pictures: bool = False) -> AsyncIterator[Browser]:
    """A browser process; `allow` answers every question for camera and microphone with yes, `few_pictures`
    spares a busy machine."""
    async with async_playwright() as driver:
        given = [DEVICES + "=fps=8" if few_pictures and flag == DEVICES else flag for flag in COMMON]
        arguments = [*given, *([ALLOW] if allow else []), *flags]
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=arguments)
        try:
            yield browser
        finally:
            await browser.close()


async def new_context(
    browser: Browser,
    *,
    language: str = "en",
    size: tuple[int, int] = WIDE,
    dark: bool = False,
    permissions: Sequence[str] = ("camera", "microphone"),
    **options: Any,
) -> BrowserContext:
    """A person's browser: its own cookies, language, size and colours."""
    context = await browser.new_context(
        ignore_https_errors=True,
        locale={"en": "en-GB", "fi": "fi-FI", "sv": "sv-SE"}.get(language, language),
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",
        permissions=list(permissions),
        **options,
    )
    await context.add_init_script(WATCH_POLICY)
    return context


async def new_tab(context: BrowserContext) -> Tab:
    """A page that is watched."""
    tab = Tab(await context.new_page())
    tab.page.on(
        "console", lambda said: tab.faults.append(said.text) if said.type in ("error", "warning") else None
    )
    tab.page.on("pageerror", lambda error: tab.faults.append(str(error)))
    tab.page.on("request", lambda request: tab.requests.append(request.url))
    tab.page.on("websocket", lambda socket: tab.requests.append(socket.url))
    return tab


async def assert_accessible(page: Page) -> None:
    """axe-core finds nothing, and nothing is wider than the screen."""
    results = await Axe().run(page, options=RULES)
    found = [(one["id"], [node["target"] for node in one["nodes"]]) for one in results.response["violations"]]
    assert not found, found
    wider = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wider <= 0, f"{wider} px wider than the screen"


async def until(page: Page, expression: str, within_s: float = 10.0) -> None:
    """Wait until it is true in the page, whose policy lets no text be run by itself."""
    try:
        async with asyncio.timeout(within_s):
            while not await page.evaluate(expression):
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"never true: {expression}") from None
