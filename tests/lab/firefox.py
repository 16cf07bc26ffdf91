"""Debian's Firefox, driven over WebDriver BiDi, with a camera and a microphone that are none."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.lab.ports import LOOPBACK, free_port
from tests.lab.process import PeerFailed, Process

FIREFOX = "firefox-esr"
START_S = 40.0
ANSWER_S = 20.0
PREFERENCES: dict[str, str | int | bool] = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "intl.accept_languages": "en-GB, en",
    "intl.locale.requested": "en-GB",
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.page": 0,
    "browser.aboutwelcome.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "toolkit.telemetry.enabled": False,
    "app.update.disabledForTesting": True,
    "app.normandy.enabled": False,
    "extensions.update.enabled": False,
    "extensions.getAddons.cache.enabled": False,
    "media.gmp-manager.url": "",
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "services.settings.server": "",
    "network.proxy.type": 0,
}


def own_address() -> str:
    """This machine's address for others, where the engine has to be: Firefox pairs no loopback addresses.
    Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return LOOPBACK
        return str(probe.getsockname()[0])


class PageFailed(Exception):
    """The browser refused a command, or the page threw."""


class Firefox:
    """One page. Use `firefox`. `faults` are the page's console errors and what its policy forbade."""

    def __init__(self, connection: ClientConnection) -> None:
        self.faults: list[str] = []
        self.context = ""
        self._connection = connection
        self._ids = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}

    async def send(self, method: str, **params: Any) -> dict[str, Any]:
        """A BiDi command. Raises PageFailed."""
        number = next(self._ids)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        await self._connection.send(json.dumps({"id": number, "method": method, "params": params}))
        async with asyncio.timeout(ANSWER_S):
            said = await answer
        if said.get("type") == "error":
            raise PageFailed(f"{method}: {said['error']}: {said['message']}")
        result: dict[str, Any] = said["result"]
        return result

    async def begin(self) -> None:
        """A session that takes our certificates, on the page there is."""
        await self.send("session.new", capabilities={"alwaysMatch": {"acceptInsecureCerts": True}})
        await self.send("session.subscribe", events=["log.entryAdded"])
        tree = await self.send("browsingContext.getTree")
        self.context = tree["contexts"][0]["context"]
        await self.send(
            "browsingContext.setViewport", context=self.context, viewport={"width": 1280, "height": 800}
        )

    async def open(self, url: str) -> None:
        """Go there and wait until it is loaded."""
        await self.send("browsingContext.navigate", context=self.context, url=url, wait="complete")

    async def reload(self) -> None:
        """Load it again."""
        await self.send("browsingContext.reload", context=self.context, wait="complete")

    async def evaluate(self, expression: str) -> Any:
        """The value of an expression in the page: a string, a number, a truth value or null."""
        said = await self.send(
            "script.evaluate",
            expression=expression,
            target={"context": self.context},
            awaitPromise=True,
            userActivation=True,
        )
        if said["type"] == "exception":
            raise PageFailed(str(said["exceptionDetails"]["text"]))
        return said["result"].get("value")

    async def until(self, expression: str, within_s: float = 15.0) -> None:
        """Wait until it is true in the page."""
        try:
            async with asyncio.timeout(within_s):
                while not await self.evaluate(expression):
                    await asyncio.sleep(0.1)
        except TimeoutError:
            text = await self.evaluate("document.body.innerText")
            raise AssertionError(f"never true: {expression}\n{text}") from None

    async def press(self, words: str) -> None:
        """A button by its words, once it can be pressed."""
        found = (
            "[...document.querySelectorAll('button')].find("
            f"one => !one.disabled && one.checkVisibility() && one.innerText.trim() === {json.dumps(words)})"
        )
        await self.until(f"Boolean({found})")
        await self.evaluate(f"{found}.click()")

    async def sees(self, heading: str) -> None:
        """A screen by its heading, which has the focus."""
        await self.until(f"document.querySelector('h1')?.textContent === {json.dumps(heading)}")
        await self.until("document.activeElement === document.querySelector('h1')")

    async def read(self) -> None:
        """Take answers and events, until the connection ends."""
        with contextlib.suppress(ConnectionClosed):
            async for text in self._connection:
                said = json.loads(text)
                if said.get("type") == "event":
                    entry = said["params"]
                    if entry.get("level") in ("error", "warn"):
                        self.faults.append(str(entry.get("text")))
                elif (answer := self._answers.pop(said.get("id"), None)) and not answer.done():
                    answer.set_result(said)


@contextlib.asynccontextmanager
async def firefox(folder: Path) -> AsyncIterator[Firefox]:
    """A headless browser with a fresh profile below `folder`, ended at the end. Raises PeerFailed."""
    profile, port = folder / "profile", free_port()
    profile.mkdir(parents=True)
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in PREFERENCES.items()]
    (profile / "user.js").write_text("\n".join(lines) + "\n")
    process = Process(
        [
            FIREFOX,
            "--headless",
            "--no-remote",
            "--profile",
            str(profile),
            "--remote-debugging-port",
            str(port),
        ],
        folder / "firefox.log",
        environment={"HOME": str(folder), "MOZ_HEADLESS": "1", "LANG": "en_GB.UTF-8"},
    )
    try:
        connection = await _connect(process, port)
        browser = Firefox(connection)
        reading = asyncio.create_task(browser.read())
        try:
            await browser.begin()
            yield browser
        finally:
            await connection.close()
            await reading
    finally:
        await asyncio.to_thread(process.stop, 5)


async def _connect(process: Process, port: int) -> ClientConnection:
    for _ in range(int(START_S / 0.2)):
        with contextlib.suppress(OSError):
            return await connect(f"ws://{LOOPBACK}:{port}/session", proxy=None, max_size=None)
        if not process.running:
            break
        await asyncio.sleep(0.2)
    raise PeerFailed(process.output[-2000:])
