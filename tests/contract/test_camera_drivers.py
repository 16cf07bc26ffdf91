"""What every camera driver promises. OpenCV's own capture needs a camera: its error paths alone run here."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import pytest

from devices.cameras.fake import FakeCameras
from devices.cameras.fake import TestPicture as MovingPicture
from devices.cameras.file import FileCameras
from devices.cameras.opencv import OpenCvCameras
from devices.cameras.registry import CameraDrivers
from devices.cameras.system import Found
from devices.cameras.types import CameraDriver, CameraFailure, Picture, Wish
from media.video.timecode import read_frame

WISH = Wish(320, 180, 30)


@dataclass
class Seen:
    """What a camera's callbacks brought."""

    pictures: list[Picture] = field(default_factory=list)
    failures: list[CameraFailure] = field(default_factory=list)
    threads: set[str] = field(default_factory=set)
    fresh: threading.Event = field(default_factory=threading.Event)

    def picture(self, picture: Picture) -> None:
        self.pictures.append(picture)
        self.threads.add(threading.current_thread().name)
        self.fresh.set()

    def lost(self, failure: CameraFailure) -> None:
        self.failures.append(failure)
        self.fresh.set()

    def wait(self, count: int) -> None:
        """Until so many pictures have come."""
        ends = time.monotonic() + 5
        while len(self.pictures) < count:
            assert time.monotonic() < ends, f"{len(self.pictures)} pictures of {count}"
            self.fresh.wait(0.05)
            self.fresh.clear()


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten frames of the moving picture at 25 a second; each tells its number as its time."""
    path = tmp_path_factory.mktemp("film") / "film.webm"
    picture = MovingPicture(320, 180)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libvpx", rate=25)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        stream.bit_rate = 1_000_000
        for number in range(10):
            frame = picture.at(number / 25, number + 1)
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@pytest.fixture(params=["fake", "fake, whatever name", "file", "all together"])
def driver(request: pytest.FixtureRequest, film: Path) -> Iterator[tuple[CameraDriver, str]]:
    drivers: dict[str, tuple[CameraDriver, str]] = {
        "fake": (FakeCameras("one", "two"), "fake:two"),
        "fake, whatever name": (FakeCameras(), "fake:anything"),
        "file": (FileCameras(), f"file:{film}"),
        "all together": (CameraDrivers([OpenCvCameras(NoSystem()), FakeCameras("one")]), "fake:one"),
    }
    yield drivers[request.param]
    drivers[request.param][0].close()


@dataclass(frozen=True)
class NoSystem:
    """A computer whose list of cameras is given, and whose word about using them too."""

    cameras: tuple[Found, ...] = ()
    failure: CameraFailure | None = None
    backend: str = "CAP_V4L2"

    def listed(self) -> tuple[Found, ...]:
        return self.cameras

    def check(self, camera: Found) -> None:
        if self.failure is not None:
            raise self.failure


def test_pictures_come_on_a_thread_of_the_camera_until_it_is_closed(driver: tuple[CameraDriver, str]) -> None:
    cameras, camera = driver
    seen = Seen()
    opened = cameras.open(camera, WISH, seen.picture, seen.lost)
    try:
        seen.wait(5)
    finally:
        opened.close()
    count = len(seen.pictures)
    opened.close()
    time.sleep(0.1)
    assert len(seen.pictures) == count
    assert seen.threads == {"camera"}
    assert not seen.failures
    assert opened.fps in (25, 30)
    moments = [picture.captured_at for picture in seen.pictures]
    assert moments == sorted(moments) and abs(moments[-1] - time.monotonic()) < 1
    assert all((picture.frame.width, picture.frame.height) == (320, 180) for picture in seen.pictures)


def test_what_is_there_is_found_and_what_is_not_says_so(driver: tuple[CameraDriver, str]) -> None:
    cameras, camera = driver
    found = cameras.find(camera)
    assert found is not None and found.id == camera and found.name
    assert all(cameras.find(listed.id) == listed for listed in cameras.cameras())
    for missing in ("file:/nowhere/film.webm", "none:such", "opencv:gone"):
        assert cameras.find(missing) is None
        with pytest.raises(CameraFailure) as raised:
            cameras.open(missing, WISH, Seen().picture, Seen().lost)
        assert raised.value.reason == "missing"


def test_it_can_be_opened_again(driver: tuple[CameraDriver, str]) -> None:
    cameras, camera = driver
    for _ in range(2):
        seen = Seen()
        opened = cameras.open(camera, WISH, seen.picture, seen.lost)
        try:
            seen.wait(2)
        finally:
            opened.close()


def test_a_film_goes_round_and_round_at_its_own_rate(film: Path) -> None:
    seen = Seen()
    opened = FileCameras().open(f"file:{film}", WISH, seen.picture, seen.lost)
    try:
        seen.wait(25)
    finally:
        opened.close()
    assert [read_frame(picture.frame) for picture in seen.pictures[:25]] == [n % 10 + 1 for n in range(25)]
    took = seen.pictures[24].captured_at - seen.pictures[0].captured_at
    assert 0.7 < took < 3.0


@pytest.mark.parametrize("content", [b"", b"no film at all", None])
def test_a_file_that_is_no_film_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path
    if content is not None:
        path = tmp_path / "film.webm"
        path.write_bytes(content)
    with pytest.raises(CameraFailure):
        FileCameras().open(f"file:{path}", WISH, Seen().picture, Seen().lost)


def test_an_unplugged_camera_tells_its_user_once_and_everybody_who_watches() -> None:
    cameras, seen, told = FakeCameras("one"), Seen(), []
    stop = cameras.watch(lambda: told.append(cameras.cameras()))
    opened = cameras.open("fake:one", WISH, seen.picture, seen.lost)
    try:
        seen.wait(2)
        cameras.unplug("one")
        ends = time.monotonic() + 5
        while not seen.failures and time.monotonic() < ends:
            time.sleep(0.01)
        assert [failure.reason for failure in seen.failures] == ["missing"]
        cameras.plug("one")
        assert [len(listed) for listed in told] == [0, 1]
        stop()
        cameras.unplug("one")
        assert len(told) == 2
    finally:
        opened.close()


GONE = Found(63, "Gone camera")


@pytest.mark.parametrize("reason", ["denied", "busy", "missing", "failed"])
def test_what_the_system_says_of_a_real_camera_is_told(reason: str) -> None:
    failure = CameraFailure("as the system says", reason)  # type: ignore[arg-type]
    cameras = OpenCvCameras(NoSystem((GONE,), failure))
    with pytest.raises(CameraFailure) as raised:
        cameras.open("opencv:Gone camera", WISH, Seen().picture, Seen().lost)
    assert raised.value.reason == reason


def test_a_camera_that_the_system_lists_and_opencv_cannot_open_is_in_use(
    capfd: pytest.CaptureFixture[str],
) -> None:
    cameras = OpenCvCameras(NoSystem((GONE,)))
    with pytest.raises(CameraFailure) as raised:
        cameras.open("opencv:Gone camera", WISH, Seen().picture, Seen().lost)
    assert raised.value.reason == "busy"
    capfd.readouterr()


def test_cameras_alike_have_ids_of_their_own_and_a_lasting_name_goes_first() -> None:
    cameras = OpenCvCameras(
        NoSystem((Found(0, "Cam"), Found(2, "Cam"), Found(4, "Other", "usb-Other_123-video-index0")))
    )
    assert [camera.id for camera in cameras.cameras()] == [
        "opencv:Cam",
        "opencv:Cam#2",
        "opencv:usb-Other_123-video-index0",
    ]
    assert [camera.name for camera in cameras.cameras()] == ["Cam", "Cam", "Other"]


class Plugging:
    """A system on which cameras come and go."""

    backend = "CAP_V4L2"

    def __init__(self) -> None:
        self.cameras: tuple[Found, ...] = ()

    def listed(self) -> tuple[Found, ...]:
        return self.cameras

    def check(self, camera: Found) -> None:
        """Nothing to say."""


def test_a_real_camera_that_comes_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("devices.cameras.opencv.LOOK_S", 0.02)
    system, noticed = Plugging(), threading.Event()
    cameras = OpenCvCameras(system)
    stop = cameras.watch(noticed.set)
    try:
        assert not noticed.wait(0.1)
        system.cameras = (GONE,)
        assert noticed.wait(5)
    finally:
        stop()
        cameras.close()
