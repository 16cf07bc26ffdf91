"""A page in Chromium that sends a moving picture with the time in it, and reads the time from what it sees.

The time code is the one of media.video.timecode. Sound is a tone; what is heard is measured at any frequency.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Page, Route, async_playwright

from media.video.timecode import CELLS, ROW, SEAL
from tests.lab.engine_browser import ADDRESS, ARGUMENTS

PAGE = """<!doctype html><meta charset=utf-8><title>timed</title><body></body><script>
const CELLS = %(cells)d, ROW = %(row)d, SEAL = %(seal)d;
const now = () => Math.round(performance.timeOrigin + performance.now());
const checkOf = t => (t ^ t >>> 8 ^ t >>> 16 ^ t >>> 24 ^ SEAL) & 255;
const peers = {};
let context = null;
function draw(canvas, brush, count) {
  const {width, height} = canvas, time = now() %% 4294967296, check = checkOf(time);
  brush.fillStyle = `rgb(${90 + count %% 60},110,120)`;
  brush.fillRect(0, 0, width, height);
  brush.fillStyle = '#c96';
  brush.beginPath();
  brush.arc(width / 2 + width / 4 * Math.sin(count / 20), height / 2, height / 5, 0, 7);
  brush.fill();
  for (let cell = 0; cell < CELLS; cell++) {
    const bit = cell < 32 ? time >>> cell & 1 : check >>> (cell - 32) & 1;
    brush.fillStyle = bit ? '#fff' : '#000';
    const left = Math.floor(cell * width / CELLS);
    brush.fillRect(left, 0, Math.floor((cell + 1) * width / CELLS) - left, Math.floor(height / ROW));
  }
}
function read(video, canvas, brush) {
  const width = video.videoWidth, row = Math.floor(video.videoHeight / ROW);
  canvas.width = width; canvas.height = 1;
  brush.drawImage(video, 0, Math.floor(row / 2), width, 1, 0, 0, width, 1);
  const pixels = brush.getImageData(0, 0, width, 1).data;
  let time = 0, check = 0;
  for (let cell = 0; cell < CELLS; cell++) {
    const bit = pixels[4 * Math.floor((cell + 0.5) * width / CELLS) + 1] > 128;
    if (bit && cell < 32) time += 2 ** cell; else if (bit) check |= 1 << (cell - 32);
  }
  return check === checkOf(time) ? time : null;
}
async function source(kind, width, height, tone) {
  if (kind === 'device') return navigator.mediaDevices.getUserMedia({video: {width, height, frameRate: 30},
    audio: {echoCancellation: false, noiseSuppression: false, autoGainControl: false}});
  const canvas = document.createElement('canvas'), brush = canvas.getContext('2d');
  canvas.width = width; canvas.height = height;
  let count = 0;
  setInterval(() => draw(canvas, brush, count++), 1000 / 30);
  const media = canvas.captureStream(30);
  context = context || new AudioContext({sampleRate: 48000});
  const whistle = context.createOscillator(), out = context.createMediaStreamDestination();
  const volume = context.createGain();
  volume.gain.value = 0.25;
  whistle.frequency.value = tone;
  whistle.connect(volume).connect(out);
  whistle.start();
  media.addTrack(out.stream.getAudioTracks()[0]);
  return media;
}
let media = null;
async function open(kind, width, height, tone) { media = await source(kind, width, height, tone); }
async function offer() {
  const peer = peers.sender = new RTCPeerConnection({bundlePolicy: 'max-bundle'});
  const how = {direction: 'sendonly', streams: [media]};
  for (const track of media.getTracks()) peer.addTransceiver(track, how);
  await peer.setLocalDescription();
  return peer.localDescription.sdp;
}
const accept = sdp => peers.sender.setRemoteDescription({type: 'answer', sdp});
async function take(name, sdp, timed) {
  const peer = peers[name] = new RTCPeerConnection({bundlePolicy: 'max-bundle'});
  Object.assign(peer, {delays: [], first: 0, last: 0, gap: 0, pictures: 0});
  peer.video = document.createElement('video');
  peer.video.srcObject = new MediaStream();
  peer.video.autoplay = true;
  document.body.append(peer.video);
  const canvas = document.createElement('canvas');
  const brush = canvas.getContext('2d', {willReadFrequently: true});
  const shown = () => {
    const moment = now();
    peer.first = peer.first || moment;
    if (peer.last) peer.gap = Math.max(peer.gap, moment - peer.last);
    peer.last = moment;
    peer.pictures++;
    const told = timed ? read(peer.video, canvas, brush) : null;
    if (told !== null) peer.delays.push((now() - told) %% 4294967296);
    peer.video.requestVideoFrameCallback(shown);
  };
  peer.video.requestVideoFrameCallback(shown);
  peer.ontrack = event => {
    peer.video.srcObject.addTrack(event.track);
    if (event.track.kind === 'audio') listen(peer, event.track);
  };
  await peer.setRemoteDescription({type: 'offer', sdp});
  await peer.setLocalDescription();
  return peer.localDescription.sdp;
}
function listen(peer, track) {
  context = context || new AudioContext({sampleRate: 48000});
  peer.ear = context.createAnalyser();
  peer.ear.fftSize = 8192;
  context.createMediaStreamSource(new MediaStream([track])).connect(peer.ear);
}
function level(name, hertz) {
  const samples = new Float32Array(8192);
  peers[name].ear.getFloatTimeDomainData(samples);
  let re = 0, im = 0, sum = 0;
  samples.forEach((sample, n) => {
    const window = 0.5 - 0.5 * Math.cos(2 * Math.PI * n / samples.length);
    re += window * sample * Math.cos(2 * Math.PI * hertz * n / 48000);
    im += window * sample * Math.sin(2 * Math.PI * hertz * n / 48000);
    sum += window;
  });
  return 20 * Math.log10(Math.max(1e-6, 2 * Math.hypot(re, im) / sum));
}
async function seen(name) {
  const peer = peers[name];
  const {delays, first, gap, pictures} = peer;
  Object.assign(peer, {delays: [], gap: 0, pictures: 0});
  const found = {delays, first, gap, pictures};
  for (const report of (await peer.getStats()).values()) {
    if (report.type !== 'inbound-rtp') continue;
    if (report.kind === 'video') Object.assign(found, {freezes: report.freezeCount,
      width: report.frameWidth, height: report.frameHeight, decoded: report.framesDecoded});
    else Object.assign(found, {sounds: report.packetsReceived, lost: report.packetsLost,
      samples: report.totalSamplesReceived, concealed: report.concealedSamples,
      fec: report.fecPacketsReceived - report.fecPacketsDiscarded});
  }
  for (const report of (await peers.sender?.getStats() ?? new Map()).values())
    if (report.type === 'outbound-rtp' && report.kind === 'video')
      found.sent = `${report.frameHeight}p${report.framesPerSecond}`;
  return found;
}
function end(name) { peers[name].video?.remove(); peers[name].close(); delete peers[name]; }
</script>"""


class TimedPage:
    """One page. `take`s are named by the caller."""

    def __init__(self, page: Page) -> None:
        self._page = page

    async def open(
        self, kind: str = "canvas", width: int = 640, height: int = 360, tone: float = 440.0
    ) -> None:
        """Have a picture and sound to send: "canvas" with the time in it, or the browser's "device"."""
        await self._page.evaluate("a => open(...a)", [kind, width, height, tone])

    async def offer(self) -> str:
        """The sender's offer."""
        return str(await self._page.evaluate("() => offer()"))

    async def accept(self, sdp: str) -> None:
        """The answer to it."""
        await self._page.evaluate("sdp => accept(sdp)", sdp)

    async def take(self, name: str, sdp: str, *, timed: bool = True) -> str:
        """The answer to the offer of a feed; `timed`: read the time in its pictures."""
        return str(await self._page.evaluate("a => take(...a)", [name, sdp, timed]))

    async def seen(self, name: str) -> dict[str, Any]:
        """What was seen and heard since the last time: delays and the longest gap in ms, the rest counted."""
        found: dict[str, Any] = await self._page.evaluate("name => seen(name)", name)
        return found

    async def level(self, name: str, hertz: float) -> float:
        """How loud a frequency is now, in dBFS."""
        return float(await self._page.evaluate("a => level(...a)", [name, hertz]))

    async def end(self, name: str) -> None:
        """Close one connection."""
        await self._page.evaluate("name => end(name)", name)


@asynccontextmanager
async def timed_page(extra: Sequence[str] = ()) -> AsyncIterator[TimedPage]:
    """One page in a browser of its own, gone at the end."""
    body = PAGE % {"cells": CELLS, "row": ROW, "seal": SEAL}

    async def fulfil(route: Route) -> None:
        await route.fulfill(body=body, content_type="text/html")

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=[*ARGUMENTS, *extra], headless=True
        )
        try:
            page = await browser.new_page()
            await page.route("**/*", fulfil)
            await page.goto(ADDRESS)
            yield TimedPage(page)
        finally:
            await browser.close()
