"""Our sound and picture as tracks: nothing waits long, the newest picture wins, the rate follows reports."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from aiortc.mediastreams import MediaStreamError

from devices.cameras.fake import TestPicture as MovingPicture
from devices.cameras.types import Picture
from media.types import AudioFrame
from media.video.decoder import Vp8Decoder
from media.video.rate import FLOOR
from media.video.timecode import read_frame
from media.video.types import CLOCK_RATE
from media.video.vp8 import size, split
from softphone.adapters.meeting_sending import SOUND_WAITING, PictureTrack, SoundTrack

MOVING = MovingPicture(320, 180)


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as executor:
        yield executor


def picture(milliseconds: int) -> Picture:
    """One that tells its time."""
    return Picture(MOVING.at(milliseconds / 1000, milliseconds), milliseconds / 1000)


async def test_sound_comes_out_as_it_went_in_with_its_place_in_time() -> None:
    track = SoundTrack()
    for payload in (b"one", b"two"):
        track.send(AudioFrame(payload, 960))
    assert track.pack(await track.recv()) == ([b"one"], 960)
    assert track.pack(await track.recv()) == ([b"two"], 1920)


async def test_sound_that_nobody_takes_is_dropped_and_its_time_kept() -> None:
    track = SoundTrack()
    for number in range(SOUND_WAITING + 5):
        track.send(AudioFrame(b"%d" % number, 960))
    assert track.pack(await track.recv()) == ([b"5"], 6 * 960)


async def test_tracks_that_are_stopped_end_whoever_waits(executor: ThreadPoolExecutor) -> None:
    for track in (SoundTrack(), PictureTrack(executor)):
        waiting = asyncio.ensure_future(track.recv())
        await asyncio.sleep(0)
        track.stop()
        with pytest.raises(MediaStreamError):
            await waiting


async def test_the_newest_picture_is_encoded_and_the_others_are_not(executor: ThreadPoolExecutor) -> None:
    track, decoder = PictureTrack(executor), Vp8Decoder()
    for milliseconds in (1000, 1033, 1067):
        track.offer(picture(milliseconds))
    encoded = await track.recv()
    frame = decoder.decode(encoded)
    assert frame is not None and read_frame(frame) == 1067
    assert encoded.key and encoded.timestamp == round(1.067 * CLOCK_RATE)
    assert track.size == (320, 180) == size(encoded.data)
    waiting = asyncio.ensure_future(track.recv())
    await asyncio.sleep(0.05)
    assert not waiting.done(), "nothing is sent twice"
    track.offer(picture(1100))
    assert not (await waiting).key


async def test_a_key_frame_is_sent_when_somebody_wants_one(executor: ThreadPoolExecutor) -> None:
    track = PictureTrack(executor)
    kinds = []
    for number in range(4):
        if number == 2:
            track.key_wanted()
        track.offer(picture(number * 33))
        kinds.append((await track.recv()).key)
    assert kinds == [True, False, True, False]


async def test_what_the_far_end_reports_changes_the_rate(executor: ThreadPoolExecutor) -> None:
    track = PictureTrack(executor)
    assert track.bitrate == 0
    track.estimate(100)
    track.report(0.0)
    track.offer(Picture(MovingPicture(640, 360).at(0.0, 0), 0.0))
    await track.recv()
    full = track.bitrate
    track.report(0.5)
    assert track.lost == 0.5
    assert FLOOR <= track.bitrate < full


async def test_packets_of_a_picture_carry_the_next_number(executor: ThreadPoolExecutor) -> None:
    track = PictureTrack(executor)
    numbers = []
    for milliseconds in (0, 33):
        track.offer(picture(milliseconds))
        encoded = await track.recv()
        payloads, timestamp = track.pack(encoded)
        assert timestamp == encoded.timestamp
        assert b"".join(payload[split(payload)[1] :] for payload in payloads) == encoded.data
        numbers.append(payloads[0][2:4])
    assert numbers == [b"\x80\x01", b"\x80\x02"]
