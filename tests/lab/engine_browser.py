"""A headless Chromium as a media client of the engine, with a fake camera and microphone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Page, Route, async_playwright

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)
ADDRESS = "http://localhost/"
PAGE = """<!doctype html><meta charset=utf-8><title>client</title><script>
const peers = {};
async function offer(width, height) {
  const audio = {echoCancellation: false, noiseSuppression: false, autoGainControl: false};
  const media = await navigator.mediaDevices.getUserMedia({audio, video: {width, height, frameRate: 30}});
  const peer = peers.sender = new RTCPeerConnection({bundlePolicy: 'max-bundle'});
  for (const track of media.getTracks())
    peer.addTransceiver(track, {direction: 'sendonly', streams: [media]});
  await peer.setLocalDescription();
  return peer.localDescription.sdp;
}
const accept = sdp => peers.sender.setRemoteDescription({type: 'answer', sdp});
async function take(name, sdp) {
  const peer = peers[name] = new RTCPeerConnection({bundlePolicy: 'max-bundle'});
  const started = performance.now();
  peer.first = 0;
  peer.video = document.createElement('video');
  peer.video.srcObject = new MediaStream();
  peer.ontrack = event => {
    peer.video.srcObject.addTrack(event.track);
    if (event.track.kind === 'video')
      peer.video.requestVideoFrameCallback(() => { peer.first = performance.now() - started; });
  };
  document.body.append(peer.video);
  await peer.setRemoteDescription({type: 'offer', sdp});
  await peer.setLocalDescription();
  peer.video.play();
  return peer.localDescription.sdp;
}
async function stats(name) {
  const found = {first: peers[name].first, state: peers[name].connectionState};
  for (const report of (await peers[name].getStats()).values()) {
    if (report.type === 'inbound-rtp' && report.kind === 'video') {
      Object.assign(found, {pictures: report.framesDecoded, width: report.frameWidth,
        height: report.frameHeight, freezes: report.freezeCount, frozen: report.totalFreezesDuration,
        nacks: report.nackCount, plis: report.pliCount, lost: report.packetsLost,
        received: report.packetsReceived});
    } else if (report.type === 'inbound-rtp' && report.kind === 'audio') {
      Object.assign(found, {samples: report.totalSamplesReceived, concealed: report.concealedSamples,
        energy: report.totalAudioEnergy, sounds: report.packetsReceived});
    } else if (report.type === 'outbound-rtp' && report.kind === 'video') {
      Object.assign(found, {target: report.targetBitrate, sent: report.bytesSent,
        repeated: report.nackCount});
    } else if (report.type === 'candidate-pair' && report.nominated) {
      found.available = report.availableOutgoingBitrate;
    }
  }
  return found;
}
function end(name) { peers[name].close(); delete peers[name]; }
</script>"""


class ChromiumClient:
    """One page. Names are the caller's own, one for each received feed."""

    def __init__(self, page: Page) -> None:
        self._page = page

    async def offer(self, width: int = 640, height: int = 360) -> str:
        """Camera and microphone on; the sender's offer."""
        return str(await self._page.evaluate("([w, h]) => offer(w, h)", [width, height]))

    async def accept(self, sdp: str) -> None:
        """The engine's answer to it."""
        await self._page.evaluate("sdp => accept(sdp)", sdp)

    async def take(self, name: str, sdp: str) -> str:
        """The answer to the engine's offer of a feed."""
        return str(await self._page.evaluate("([name, sdp]) => take(name, sdp)", [name, sdp]))

    async def stats(self, name: str) -> dict[str, Any]:
        """What the browser counts; "sender" is its own feed."""
        found: dict[str, Any] = await self._page.evaluate("name => stats(name)", name)
        return found

    async def end(self, name: str) -> None:
        """Close one PeerConnection."""
        await self._page.evaluate("name => end(name)", name)


@asynccontextmanager
async def chromium_clients(count: int, extra: Sequence[str] = ()) -> AsyncIterator[list[ChromiumClient]]:
    """That many pages in one browser, gone at the end."""

    async def fulfil(route: Route) -> None:
        await route.fulfill(body=PAGE, content_type="text/html")

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=[*ARGUMENTS, *extra], headless=True
        )
        try:
            context = await browser.new_context()
            await context.route("**/*", fulfil)
            clients = []
            for _ in range(count):
                page = await context.new_page()
                await page.goto(ADDRESS)
                clients.append(ChromiumClient(page))
            yield clients
        finally:
            await browser.close()
