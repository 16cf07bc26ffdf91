"""Cameras as Linux lists them, in /sys/class/video4linux, and why one may not be opened."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from devices.cameras.types import CameraFailure

LIST = Path("/sys/class/video4linux")
DEVICES = Path("/dev")
LASTING_NAMES = Path("/dev/v4l/by-id")


@dataclass(frozen=True, slots=True)
class Found:
    """One camera: where it is now, what it is called, and its own lasting name ("" where it has none)."""

    index: int
    name: str
    lasting: str = ""


def listed(cameras: Path = LIST, lasting: Path = LASTING_NAMES) -> tuple[Found, ...]:
    """Those there are now. A camera's further nodes (metadata, other formats) have an `index` above 0."""
    links = _links(lasting)
    found = []
    for node in sorted(cameras.glob("video*"), key=_number):
        if _text(node / "index") in ("", "0"):
            name = _text(node / "name") or node.name
            found.append(Found(_number(node), name, links.get(node.name, "")))
    return tuple(found)


def check(index: int, devices: Path = DEVICES) -> None:
    """Raises CameraFailure with what the system says when the device is opened: missing, denied, busy."""
    path = devices / f"video{index}"
    try:
        os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK))
    except FileNotFoundError as failure:
        raise CameraFailure(f"{path} is not there", "missing") from failure
    except PermissionError as failure:
        raise CameraFailure(f"{path} may not be opened", "denied") from failure
    except BlockingIOError as failure:
        raise CameraFailure(f"{path} is in use", "busy") from failure
    except OSError as failure:
        busy = failure.errno == 16  # EBUSY
        raise CameraFailure(f"{path}: {failure}", "busy" if busy else "failed") from failure


def _links(lasting: Path) -> dict[str, str]:
    try:
        links = sorted(lasting.iterdir())
    except OSError:
        return {}
    return {link.resolve().name: link.name for link in links if link.name.endswith("-index0")}


def _number(node: Path) -> int:
    digits = node.name.removeprefix("video")
    return int(digits) if digits.isdigit() else -1


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace").strip()
    except OSError:
        return ""
