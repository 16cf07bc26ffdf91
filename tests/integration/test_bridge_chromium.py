"""A phone and a browser hear each other: baresip → Kamailio → our line → bridge → aiortc → Chromium."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from sip_bridge import client_events as told
from sip_bridge.client import SipClient
from sip_bridge.client_types import ClientSettings
from sip_bridge.rtp.bridge import AudioBridge
from tests.lab.baresip import Baresip
from tests.lab.chromium import PageServer, open_page
from tests.lab.ports import LOOPBACK
from tests.lab.sound import level_at, tone, write_wav
from tests.lab.switchboard import PHONE_TONE, Switchboard, switchboard

pytestmark = [pytest.mark.peer, pytest.mark.slow]

WEB_TONE = 1500.0
LOUD = -18.0
"""dBFS of a tone at -12 after two codecs and a browser."""

QUIET = -45.0

PAGE = """<!doctype html><meta charset=utf-8><title>bridge</title><script>
const post = (path, value) => fetch(path, {method: 'POST', body: JSON.stringify(value)}).then(r => r.json());
async function run() {
  const media = await navigator.mediaDevices.getUserMedia(
    {audio: {echoCancellation: false, noiseSuppression: false, autoGainControl: false}});
  const pc = new RTCPeerConnection();
  pc.addTrack(media.getAudioTracks()[0], media);
  pc.ontrack = event => listen(event.track);
  await pc.setLocalDescription();
  while (pc.iceGatheringState !== 'complete') await new Promise(r => setTimeout(r, 20));
  await pc.setRemoteDescription(await post('/offer', pc.localDescription));
}
function listen(track) {
  const stream = new MediaStream([track]);
  const audio = new Audio();
  audio.muted = true;
  audio.srcObject = stream;
  audio.play();
  const context = new AudioContext({sampleRate: 48000});
  const analyser = context.createAnalyser();
  analyser.fftSize = 8192;
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const at = hz => {
    let re = 0, im = 0, sum = 0;
    samples.forEach((sample, n) => {
      const window = 0.5 - 0.5 * Math.cos(2 * Math.PI * n / samples.length);
      re += window * sample * Math.cos(2 * Math.PI * hz * n / 48000);
      im += window * sample * Math.sin(2 * Math.PI * hz * n / 48000);
      sum += window;
    });
    return 20 * Math.log10(Math.max(1e-6, 2 * Math.hypot(re, im) / sum));
  };
  setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    post('/heard', {phone: at(PHONE), own: at(OWN)});
  }, 250);
}
run().catch(error => post('/failed', {error: String(error)}));
</script>"""


class Web:
    """The browser's side: one aiortc peer, and what the page reports."""

    def __init__(self, bridge: AudioBridge) -> None:
        self._bridge = bridge
        self._peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.heard: list[dict[str, float]] = []
        self.failure = ""

    async def offer(self, description: dict[str, Any]) -> dict[str, Any]:
        """Answer the page's offer with the call's sound."""
        self._peer.addTrack(self._bridge.track)
        self._peer.on("track", self._track)
        await self._peer.setRemoteDescription(RTCSessionDescription(description["sdp"], description["type"]))
        await self._peer.setLocalDescription(await self._peer.createAnswer())
        local = self._peer.localDescription
        return {"sdp": local.sdp, "type": local.type}

    async def report(self, values: dict[str, Any]) -> dict[str, Any]:
        """Levels in dBFS of both tones in what the page hears."""
        self.heard.append({name: float(value) for name, value in values.items()})
        return {}

    async def failed(self, values: dict[str, Any]) -> dict[str, Any]:
        """The page's script broke."""
        self.failure = str(values)
        return {}

    def _track(self, track: MediaStreamTrack) -> None:
        self._bridge.hear(track)

    async def close(self) -> None:
        """End the peer connection."""
        await self._peer.close()


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Switchboard]:
    """One for each test: its phone is the only 1002."""
    with switchboard(tmp_path / "board") as running:
        yield running


def phone_hears(phone: Baresip) -> tuple[float, float]:
    """Levels of the browser's tone and of the phone's own in the last half second at the phone."""
    pcm, rate = phone.heard(0.5)
    return level_at(pcm, WEB_TONE, rate), level_at(pcm, PHONE_TONE, rate)


@pytest.mark.parametrize("codec", ["opus", "PCMA"])
async def test_a_phone_and_a_browser_hear_each_other(
    board: Switchboard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, codec: str
) -> None:
    monkeypatch.setattr("aioice.ice.get_host_addresses", lambda use_ipv4, use_ipv6: [LOOPBACK])
    phone = await asyncio.to_thread(board.phone, "1002")
    client = SipClient(ClientSettings(codecs=(codec,)))
    joined: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def on(event: told.ClientEvent) -> None:
        if isinstance(event, told.Established) and not joined.done():
            joined.set_result(event.call_id)

    client.listen(on)
    page = PAGE.replace("PHONE)", f"{PHONE_TONE})").replace("OWN)", f"{WEB_TONE})")
    microphone = write_wav(tmp_path / "web.wav", tone(WEB_TONE, 60.0))
    async with AsyncExitStack() as stack:
        stack.push_async_callback(client.stop)
        await client.start(board.account("1001"))
        await client.dial("1002")
        session = client.audio(await asyncio.wait_for(joined, 10))
        assert session is not None
        bridge = AudioBridge(session)
        stack.push_async_callback(bridge.close)
        web = Web(bridge)
        stack.push_async_callback(web.close)
        server = PageServer(page, {"/offer": web.offer, "/heard": web.report, "/failed": web.failed})
        stack.push_async_callback(server.stop)
        browser = open_page(tmp_path, await server.start(), microphone)
        stack.push_async_callback(asyncio.to_thread, browser.stop)
        await both_hear(web, phone)


async def both_hear(web: Web, phone: Baresip) -> None:
    """Each hears the other's tone, and not its own."""
    for _ in range(100):
        await asyncio.sleep(0.25)
        assert not web.failure
        theirs, own = phone_hears(phone)
        page = web.heard[-1] if web.heard else {"phone": -200.0, "own": -200.0}
        if min(theirs, page["phone"]) > LOUD and max(own, page["own"]) < QUIET:
            return
    raise AssertionError(f"phone hears {theirs:.1f} (itself {own:.1f}), page hears {page}")
