"""A tab of Chromium in which the guest page's modules run one by one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest_asyncio

from service.adapters.http.pages import load
from tests.doubles.guest_service import GuestService
from tests.lab.browser import chromium, new_context, new_tab
from tests.lab.certificates import Authority

Run = Callable[[str, str], Awaitable[Any]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def run(authority: Authority) -> AsyncIterator[Run]:
    """Runs the body of a function in the page: `m` is the module."""
    async with GuestService().running(authority.issue("127.0.0.1")) as service, chromium() as browser:
        tab = await new_tab(await new_context(browser))
        tab.expected = ("Failed to load resource",)
        await tab.page.goto(f"{service.address}/web/{load().version}/icon.svg")

        async def evaluate(module: str, body: str) -> Any:
            url = f"{service.address}/web/{load().version}/{module}"
            return await tab.page.evaluate(f"async () => {{ const m = await import('{url}'); {body} }}")

        yield evaluate
        tab.check(service.address)
