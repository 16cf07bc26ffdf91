"""Where the socket lies and whose folder it may lie in."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import pytest

from softphone.control.place import peer_uid, prepare_folder, socket_path
from softphone.control.protocol import ControlError, Request, read_object, read_request, write_object


def test_in_the_profile(tmp_path: Path) -> None:
    assert socket_path(Path("/p")) == Path("/p/control")
    assert socket_path(Path("relative")).is_absolute()


def test_the_folder_becomes_private(tmp_path: Path) -> None:
    folder = tmp_path / "p"
    folder.mkdir(mode=0o755)
    prepare_folder(folder / "control")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_link_to_somewhere_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "p").symlink_to(tmp_path / "real")
    with pytest.raises(ControlError):
        prepare_folder(tmp_path / "p" / "control")


def test_the_kernel_tells_who_is_there() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with ours, theirs:
        assert peer_uid(ours) == os.getuid()


def test_messages_round_trip_in_ascii() -> None:
    line = write_object({"command": "dial", "arguments": {"target": "Åke\ud800"}})
    assert line.endswith(b"\n")
    assert line.isascii()
    assert read_request(line) == Request("dial", {"target": "Åke\ud800"})
    assert read_object(b'{"a": 1}') == {"a": 1}


def test_arguments() -> None:
    request = Request("sign-in", {"server": "x", "remember": True, "user": 7, "password": "geheim"})
    assert (request.text("server"), request.text("none", "d"), request.optional("none")) == ("x", "d", None)
    assert (request.flag("remember"), request.flag("none")) == (True, False)
    with pytest.raises(ControlError):
        request.text("user")
    with pytest.raises(ControlError):
        request.text("none")
    assert "geheim" not in repr(request)
