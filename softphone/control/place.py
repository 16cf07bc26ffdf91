"""Where the control socket of a profile is, and who may be at its other end."""

from __future__ import annotations

import hashlib
import os
import socket
import stat
import struct
import tempfile
from pathlib import Path
from typing import Any

from softphone.control.protocol import ControlError

LONGEST_PATH = 100
"""A Unix socket's path must fit into sockaddr_un (104 bytes on macOS, 108 on Linux)."""

_LOCAL_PEERCRED = 1
_XUCRED = struct.Struct("=Ii")


def socket_path(profile: Path) -> Path:
    """The socket in the profile; where its path is too long, in a private folder for temporary files."""
    path = profile.absolute() / "control"
    if len(os.fsencode(path)) <= LONGEST_PATH:
        return path
    name = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"softphone-{own_uid()}" / name


def prepare_folder(path: Path) -> None:
    """Make the socket's folder, for this user alone. Raises ControlError when it is somebody else's."""
    folder = path.parent
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != own_uid():
        raise ControlError(f"{folder.name} is not this user's folder", code="refused")
    folder.chmod(0o700)


def own_uid() -> int:
    """This user's id; not on Windows."""
    system: Any = os
    return int(system.getuid())


def peer_uid(connection: socket.socket) -> int:
    """User id of the process at the other end, from the kernel. Raises OSError where it can't be told."""
    if hasattr(socket, "SO_PEERCRED"):
        data = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        return int(struct.unpack("3i", data)[1])
    return int(_XUCRED.unpack(connection.getsockopt(0, _LOCAL_PEERCRED, 76)[: _XUCRED.size])[1])
