"""VP8 there and back, and the conversions around it."""

from __future__ import annotations

import av
import numpy as np
import pytest

from devices.cameras.fake import TestPicture as MovingPicture
from media.errors import CodecError
from media.video.convert import ToEncoder, ToScreen, fitting, shown_size
from media.video.decoder import Vp8Decoder
from media.video.encoder import Vp8Encoder
from media.video.timecode import read_frame, read_pixels
from media.video.types import EncodedPicture
from media.video.vp8 import size

MOMENT = 1_795_000_123_456


def encoded(width: int, height: int, bitrate: int, count: int) -> list[EncodedPicture]:
    """Some frames of the moving picture."""
    picture, encoder = MovingPicture(width, height), Vp8Encoder(width, height, bitrate)
    out = [encoder.encode(picture.at(n / 30, MOMENT + n), n * 3000) for n in range(count)]
    return [frame for frame in out if frame is not None]


def test_the_time_is_read_from_every_decoded_frame() -> None:
    decoder, to_screen = Vp8Decoder(), ToScreen()
    pictures = encoded(640, 360, 500_000, 10)
    for number, picture in enumerate(pictures):
        frame = decoder.decode(picture)
        assert frame is not None
        assert read_frame(frame) == read_pixels(to_screen.convert(frame)) == (MOMENT + number) & 0xFFFF_FFFF
    assert [picture.key for picture in pictures] == [True] + [False] * 9
    assert size(pictures[0].data) == (640, 360)


def test_a_key_frame_comes_when_asked_for_and_the_timestamp_is_kept() -> None:
    picture, encoder = MovingPicture(320, 180), Vp8Encoder(320, 180, 300_000)
    kinds = []
    for number in range(6):
        out = encoder.encode(picture.at(number / 30, number), 900 + number * 3000, key=number == 4)
        assert out is not None and out.timestamp == 900 + number * 3000
        kinds.append(out.key)
    assert kinds == [True, False, False, False, True, False]


def test_a_frame_of_the_same_moment_twice_is_no_fault() -> None:
    picture, encoder = MovingPicture(320, 180), Vp8Encoder(320, 180, 300_000)
    assert encoder.encode(picture.at(0, 0), 500) is not None
    assert encoder.encode(picture.at(0, 1), 500) is not None
    assert encoder.encode(picture.at(0, 1), 400) is not None


def test_the_rate_is_kept() -> None:
    for bitrate in (400_000, 1_500_000):
        sent = sum(len(picture.data) for picture in encoded(1280, 720, bitrate, 60)[10:])
        assert 0.5 * bitrate < sent * 8 * 30 / 50 < 1.3 * bitrate


def test_a_frame_after_a_pause_is_no_larger_than_any_other() -> None:
    picture, encoder = MovingPicture(1280, 720), Vp8Encoder(1280, 720, 1_500_000)
    sizes, timestamp = [], 0
    for number in range(60):
        timestamp += 3000 if number < 50 else 90_000
        out = encoder.encode(picture.at(number / 30, number), timestamp, key=number == 59)
        assert out is not None and out.timestamp == timestamp
        sizes.append(len(out.data))
    assert max(sizes[50:]) < 40_000


def test_what_is_no_vp8_is_refused_and_the_decoder_goes_on() -> None:
    decoder = Vp8Decoder()
    with pytest.raises(CodecError):
        decoder.decode(EncodedPicture(b"\x50\x00\x00nonsense of some length", 0, True))
    assert decoder.decode(encoded(320, 180, 300_000, 1)[0]) is not None


def test_the_screen_gets_bgrx_rows_without_gaps() -> None:
    blue = np.zeros((90, 322, 3), np.uint8)
    blue[:, :, 0] = 255
    pixels = ToScreen().convert(av.VideoFrame.from_ndarray(blue, format="bgr24"))
    assert pixels.shape == (90, 322, 4)
    assert pixels.flags.c_contiguous
    assert pixels[45, 160, :3].tolist() == [255, 0, 0]


@pytest.mark.parametrize(
    ("shown", "expected"),
    [(0, (1280, 720)), (720, (1280, 720)), (600, (1280, 720)), (360, (640, 360)), (181, (320, 180))],
)
def test_a_picture_is_made_smaller_only_where_that_pays(shown: int, expected: tuple[int, int]) -> None:
    assert shown_size(1280, 720, shown) == expected


def test_a_small_tile_gets_a_small_picture_in_the_same_proportions() -> None:
    frame = MovingPicture(1280, 720).at(0.0, MOMENT)
    pixels = ToScreen().convert(frame, 180)
    assert pixels.shape == (180, 320, 4)
    assert read_pixels(pixels) == MOMENT & 0xFFFF_FFFF


def test_the_encoder_gets_even_sides_and_no_more_lines_than_wanted() -> None:
    assert fitting(1921, 1081, 720) == (1280, 720)
    assert fitting(641, 361, 720) == (640, 360)
    wide = av.VideoFrame.from_ndarray(np.zeros((361, 641, 3), np.uint8), format="bgr24")
    out = ToEncoder().convert(wide, 640, 360)
    assert (out.format.name, out.width, out.height) == ("yuv420p", 640, 360)
    assert ToEncoder().convert(out, 640, 360) is out


def claiming(picture: EncodedPicture, width: int, height: int) -> EncodedPicture:
    """The same key frame, with another size in its header."""
    sides = width.to_bytes(2, "little") + height.to_bytes(2, "little")
    return EncodedPicture(picture.data[:6] + sides + picture.data[10:], picture.timestamp, picture.key)


@pytest.mark.parametrize(("width", "height"), [(4000, 4000), (16383, 16383), (2560, 1442), (1442, 2560)])
def test_a_key_frame_larger_than_any_of_ours_takes_no_memory(width: int, height: int) -> None:
    decoder, small = Vp8Decoder(), encoded(64, 64, 300_000, 1)[0]
    with pytest.raises(CodecError, match=f"{width}×{height}"):
        decoder.decode(claiming(small, width, height))
    frame = decoder.decode(small)
    assert frame is not None and (frame.width, frame.height) == (64, 64)


@pytest.mark.parametrize(("width", "height"), [(2560, 1440), (1440, 2560)])
def test_the_largest_picture_is_shown_upright_and_lying(width: int, height: int) -> None:
    frame = Vp8Decoder().decode(encoded(width, height, 1_500_000, 1)[0])
    assert frame is not None and (frame.width, frame.height) == (width, height)


def test_the_upper_bits_of_a_side_are_no_part_of_the_size() -> None:
    frame = Vp8Decoder().decode(claiming(encoded(64, 64, 300_000, 1)[0], 64 | 0x4000, 64 | 0x8000))
    assert frame is not None and (frame.width, frame.height) == (64, 64)
