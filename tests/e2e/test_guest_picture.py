"""What is seen: a moving picture that holds the time is read at the far end, both ways."""

from __future__ import annotations

import asyncio
from statistics import median

import pytest

from media.video.timecode import CELLS, ROW, SEAL
from tests.e2e.guest_rig import Office, office
from tests.lab.meeting_host import TimedClient

__all__ = ["office"]
pytestmark = pytest.mark.peer

LATEST_MS = 1000
"""Far above what it takes: other work on the machine is no fault of the page."""

TIMED = """
const now = () => Math.round(performance.timeOrigin + performance.now()) %% 4294967296;
const CELLS = %(cells)d, ROW = %(row)d;
const check = (t) => (t ^ t >>> 8 ^ t >>> 16 ^ t >>> 24 ^ %(seal)d) & 255;
const bit = (t, cell) => (cell < 32 ? t >>> cell : check(t) >>> (cell - 32)) & 1;
const given = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (wanted) => {
  const stream = await given(wanted);
  if (!wanted.video) return stream;
  const canvas = Object.assign(document.createElement("canvas"), {width: 640, height: 360});
  const brush = canvas.getContext("2d");
  const paint = () => {
    const time = now();
    brush.fillStyle = `hsl(${time / 20 %% 360} 50%% 50%%)`;
    brush.fillRect(0, 0, 640, 360);
    for (let cell = 0; cell < CELLS; cell++) {
      brush.fillStyle = bit(time, cell) ? "#fff" : "#000";
      brush.fillRect(cell * 640 / CELLS, 0, 640 / CELLS, Math.floor(360 / ROW));
    }
  };
  setInterval(paint, 33);
  paint();
  return new MediaStream([...stream.getAudioTracks(), canvas.captureStream(30).getVideoTracks()[0]]);
};
window.delay = () => {
  const video = document.querySelector(".stage video");
  const width = video.videoWidth, row = Math.floor(video.videoHeight / ROW);
  if (row < 3) return null;
  const canvas = Object.assign(document.createElement("canvas"), {width, height: 1});
  const brush = canvas.getContext("2d");
  brush.drawImage(video, 0, Math.floor(row / 2), width, 1, 0, 0, width, 1);
  const pixels = brush.getImageData(0, 0, width, 1).data;
  let time = 0, seal = 0;
  for (let cell = 0; cell < CELLS; cell++) {
    if (pixels[4 * Math.floor((cell + 0.5) * width / CELLS) + 1] <= 128) continue;
    if (cell < 32) time += 2 ** cell; else seal |= 1 << (cell - 32);
  }
  return seal === check(time) ? (now() - time + 4294967296) %% 4294967296 : null;
};
"""


async def test_the_time_in_the_picture_is_read_at_the_far_end_both_ways(office: Office) -> None:
    async with office.meeting() as meeting:
        host, page = meeting.host, meeting.aino.page
        host.media = TimedClient()
        await meeting.context.add_init_script(TIMED % {"cells": CELLS, "row": ROW, "seal": SEAL})
        inside = await meeting.begin()
        feed = await host.watch(inside["session"])
        await host.more_pictures(feed, 30)
        seen: list[int] = (await host.media.stats(feed))["delays"]
        assert len(seen) > 15
        assert median(seen) < LATEST_MS
        told = []
        for _ in range(30):
            await asyncio.sleep(0.05)
            told.append(await page.evaluate("window.delay()"))
        told = [one for one in told if one is not None]
        assert len(told) > 15
        assert median(told) < LATEST_MS
