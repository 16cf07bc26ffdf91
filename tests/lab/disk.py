"""A disk of a few megabytes that can be filled to the last byte."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

BLOCK = 4096


def mountable() -> bool:
    """Whether this process may mount one: root may, but in many containers not even root."""
    return hasattr(os, "geteuid") and os.geteuid() == 0 and permitted("--mount")


@cache
def permitted(*apart: str) -> bool:
    """Whether this system lets a process have such things for itself (options of `unshare`)."""
    try:
        return not subprocess.run(["unshare", *apart, "true"], capture_output=True, timeout=10).returncode
    except FileNotFoundError:
        return False


class SmallDisk:
    """A mounted file system of its own in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / "filler"

    def fill(self) -> None:
        """Leave not one block free."""
        with self._filler.open("ab", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(BLOCK))
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise

    def empty(self) -> None:
        """Free what `fill` took."""
        self._filler.unlink()


@contextmanager
def small_disk(folder: Path, megabytes: int = 4) -> Iterator[SmallDisk]:
    """Mounted while the block runs."""
    folder.mkdir()
    options = f"size={megabytes}m,mode=700"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True, timeout=10)
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True, timeout=10)
