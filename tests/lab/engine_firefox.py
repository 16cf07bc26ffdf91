"""A headless Firefox as a media client of the engine: the page asks for what to do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.lab.chromium import PageServer
from tests.lab.engine_browser import PAGE
from tests.lab.process import Process

PREFERENCES = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.peerconnection.ice.loopback": True,
    "media.peerconnection.ice.obfuscate_host_addresses": False,
    "media.autoplay.default": 0,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "app.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
}
LOOP = """<script>
const post = (path, value) => fetch(path, {method: 'POST', body: JSON.stringify(value)}).then(r => r.json());
const calls = {offer, accept, take, stats, end};
async function work() {
  for (;;) {
    const call = await post('/next', {});
    if (!call.name) continue;
    let told = {};
    try {
      told = {result: await calls[call.name](...call.values)};
    } catch (error) {
      told = {error: String(error)};
    }
    await post('/done', told);
  }
}
work();
</script>"""


class FirefoxClient:
    """One page in a browser of its own."""

    def __init__(self) -> None:
        self._wanted: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._asking = False
        self.server = PageServer(PAGE + LOOP, {"/next": self._next, "/done": self._done})

    async def offer(self, width: int = 640, height: int = 360) -> str:
        """Camera and microphone on; the sender's offer."""
        return str(await self._call("offer", width, height))

    async def accept(self, sdp: str) -> None:
        """The engine's answer to it."""
        await self._call("accept", sdp)

    async def take(self, name: str, sdp: str) -> str:
        """The answer to the engine's offer of a feed."""
        return str(await self._call("take", name, sdp))

    async def stats(self, name: str) -> dict[str, Any]:
        """What the browser counts; "sender" is its own feed."""
        found: dict[str, Any] = await self._call("stats", name)
        return found

    async def end(self, name: str) -> None:
        """Close one PeerConnection."""
        await self._call("end", name)

    async def _call(self, name: str, *values: object) -> Any:
        await self._wanted.put({"name": name, "values": values})
        told = await asyncio.wait_for(self._told.get(), 60)
        if "error" in told:
            raise RuntimeError(told["error"])
        return told.get("result")

    async def settle(self) -> None:
        """The page is gone: whoever waits on its behalf need not."""
        self._wanted.put_nowait({})
        while self._asking:
            await asyncio.sleep(0.01)

    async def _next(self, _: dict[str, Any]) -> dict[str, Any]:
        self._asking = True
        try:
            return await asyncio.wait_for(self._wanted.get(), 1)
        except TimeoutError:
            return {}
        finally:
            self._asking = False

    async def _done(self, told: dict[str, Any]) -> dict[str, Any]:
        await self._told.put(told)
        return {}


@asynccontextmanager
async def firefox_client(folder: Path) -> AsyncIterator[FirefoxClient]:
    """A browser with a fresh profile in this folder, gone at the end."""
    profile = folder / "profile"
    profile.mkdir(parents=True)
    lines = [f"user_pref({_js(name)}, {_js(value)});" for name, value in PREFERENCES.items()]
    (profile / "user.js").write_text("\n".join(lines))
    client = FirefoxClient()
    address = await client.server.start()
    browser = await asyncio.to_thread(_open, folder, profile, address)
    try:
        yield client
    finally:
        await asyncio.to_thread(browser.stop)
        await client.settle()
        await client.server.stop()


def _open(folder: Path, profile: Path, address: str) -> Process:
    command = ["firefox", "--headless", "--no-remote", "--profile", str(profile), address]
    return Process(command, folder / "firefox.log", environment={"HOME": str(folder)})


def _js(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value).replace("'", '"')
