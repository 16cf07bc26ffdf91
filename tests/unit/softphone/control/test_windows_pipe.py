"""The named pipe: who may open it, whom it trusts, how reads and writes wait and end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from softphone.control import windows_pipe
from softphone.control.protocol import ControlError
from softphone.control.windows_calls import (
    ERROR_FILE_NOT_FOUND,
    ERROR_PIPE_BUSY,
    PIPE_REJECT_REMOTE_CLIENTS,
    SECURITY_IDENTIFICATION,
    SECURITY_SQOS_PRESENT,
    CallFailed,
)
from softphone.control.windows_pipe import BUSY_TRIES, CHUNK, Pipe, PipeCaller, new_instance, pipe_name
from softphone.control.windows_user import own_user, user_of
from tests.doubles.windows import HIDDEN_PROCESS, ME, OTHER_PROCESS, OWN_PROCESS, SOMEBODY_ELSE, FakeWindows

NAME = r"\\.\pipe\softphone-test"


@pytest.fixture
def fake() -> Iterator[FakeWindows]:
    """Every test gives back all it took."""
    windows = FakeWindows()
    yield windows
    assert windows.handles == 0


@pytest.fixture
def ends(fake: FakeWindows) -> Iterator[tuple[Pipe, PipeCaller]]:
    """A connected pipe: the program's end and the command line's."""
    listening = new_instance(fake.windows(), NAME, ME, first=True)
    caller = PipeCaller(fake.windows(), NAME, 5.0)
    assert listening.accept()
    yield listening, caller
    listening.close()
    caller.close()


def in_background(function: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=function)
    thread.start()
    return thread


def test_the_name_is_the_same_for_every_way_to_write_the_path(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "p")
    name = pipe_name(tmp_path / "p")
    assert name == pipe_name(tmp_path / "link" / ".." / "p") == pipe_name(tmp_path / "link")
    assert name != pipe_name(tmp_path)
    assert name.startswith(r"\\.\pipe\softphone-")
    assert len(name) <= 256


def test_users_are_told_from_processes(fake: FakeWindows) -> None:
    assert own_user(fake.windows()) == ME
    assert user_of(fake.windows(), OTHER_PROCESS) == SOMEBODY_ELSE
    with pytest.raises(CallFailed) as failed:
        user_of(fake.windows(), HIDDEN_PROCESS)
    assert "OpenProcess" in str(failed.value)


@pytest.mark.parametrize(
    "function",
    [
        "OpenProcessToken",
        "GetTokenInformation",
        "ConvertSidToStringSidW",
        "ConvertStringSecurityDescriptorToSecurityDescriptorW",
        "CreateNamedPipeW",
        "CreateEventW",
    ],
)
def test_what_fails_says_which_and_leaves_nothing(fake: FakeWindows, function: str) -> None:
    fake.fails[function] = 8
    with pytest.raises(CallFailed) as failed:
        new_instance(fake.windows(), NAME, own_user(fake.windows()), first=True)
    assert (failed.value.code, failed.value.errno) == (8, 8)
    assert function in str(failed.value.strerror)


def test_only_this_user_on_this_machine(fake: FakeWindows) -> None:
    new_instance(fake.windows(), NAME, ME, first=True).close()
    assert fake.descriptors == [f"D:P(A;;GA;;;{ME})"]
    ((_, made),) = [call for call in fake.asked_for if call[0] == "CreateNamedPipeW"]
    assert made[2] == PIPE_REJECT_REMOTE_CLIENTS


def test_a_name_that_is_taken_is_noticed(fake: FakeWindows) -> None:
    taken = new_instance(fake.windows(), NAME, ME, first=True)
    with pytest.raises(CallFailed):
        new_instance(fake.windows(), NAME, ME, first=True)
    new_instance(fake.windows(), NAME, ME, first=False).close()
    taken.close()


def test_lines_both_ways(ends: tuple[Pipe, PipeCaller]) -> None:
    listening, caller = ends
    caller.send(b"question\n")
    assert listening.read() == b"question\n"
    listening.write(b"answer\nand more\nrest")
    assert (caller.read_line(100), caller.read_line(4), caller.read_line(100)) == (
        b"answer\n",
        b"and ",
        b"more\n",
    )


def test_long_messages_wait_for_the_reader(ends: tuple[Pipe, PipeCaller]) -> None:
    listening, caller = ends
    data = bytes(range(256)) * 1024
    writing = in_background(lambda: caller.send(data))
    came = b""
    while len(came) < len(data):
        part = listening.read()
        assert 0 < len(part) <= CHUNK
        came += part
    writing.join(5)
    assert came == data


def test_a_read_that_waits_does_not_hold_up_a_write(ends: tuple[Pipe, PipeCaller]) -> None:
    listening, caller = ends
    read: list[bytes] = []
    reading = in_background(lambda: read.append(listening.read()))
    listening.write(b"event\n")
    assert caller.read_line(100) == b"event\n"
    caller.send(b"x")
    reading.join(5)
    assert read == [b"x"]


def test_what_was_written_can_be_read_after_the_end(fake: FakeWindows) -> None:
    listening = new_instance(fake.windows(), NAME, ME, first=True)
    caller = PipeCaller(fake.windows(), NAME, 5.0)
    listening.write(b"bye\nhalf")
    listening.close()
    assert [caller.read_line(100) for _ in range(3)] == [b"bye\n", b"half", b""]
    with pytest.raises(BrokenPipeError):
        caller.send(b"x")
    caller.close()


def test_a_caller_that_is_gone_already(fake: FakeWindows) -> None:
    listening = new_instance(fake.windows(), NAME, ME, first=True)
    PipeCaller(fake.windows(), NAME, 5.0).close()
    assert listening.accept()
    assert listening.read() == b""
    listening.close()


@pytest.mark.parametrize("function", ["ReadFile", "WriteFile", "ConnectNamedPipe"])
def test_other_failures_are_not_taken_for_an_end(fake: FakeWindows, function: str) -> None:
    listening = new_instance(fake.windows(), NAME, ME, first=True)
    fake.fails[function] = 6
    actions: dict[str, Callable[[], object]] = {
        "ReadFile": listening.read,
        "WriteFile": lambda: listening.write(b"x"),
        "ConnectNamedPipe": listening.accept,
    }
    with pytest.raises(CallFailed):
        actions[function]()
    listening.close()


def test_a_silent_program_is_not_waited_for_for_ever(
    fake: FakeWindows, ends: tuple[Pipe, PipeCaller]
) -> None:
    _, caller = ends
    fake.time_is_out = True
    with pytest.raises(TimeoutError):
        caller.read_line(100)
    with pytest.raises(TimeoutError):
        caller.send(b"x" * 1_000_000)


def test_stop_ends_what_waits_and_lets_nothing_begin(fake: FakeWindows) -> None:
    listening = new_instance(fake.windows(), NAME, ME, first=True)
    ended: list[bool] = []
    waiting = in_background(lambda: ended.append(listening.accept()))
    listening.stop()
    waiting.join(5)
    assert ended == [False]
    with pytest.raises(ConnectionAbortedError):
        listening.read()
    listening.close()


def test_nobody_listens(fake: FakeWindows) -> None:
    with pytest.raises(CallFailed) as failed:
        PipeCaller(fake.windows(), NAME, 5.0)
    assert failed.value.code == ERROR_FILE_NOT_FOUND


def test_a_busy_pipe_is_waited_for(fake: FakeWindows) -> None:
    first = new_instance(fake.windows(), NAME, ME, first=True)
    caller = PipeCaller(fake.windows(), NAME, 5.0)
    fake.time_is_out = True
    with pytest.raises(CallFailed) as failed:
        PipeCaller(fake.windows(), NAME, 5.0)
    assert failed.value.code == ERROR_PIPE_BUSY
    assert [name for name, _ in fake.asked_for].count("WaitNamedPipeW") == BUSY_TRIES
    more: list[Pipe] = []
    fake.when_busy = lambda: more.append(new_instance(fake.windows(), NAME, ME, first=False))
    second = PipeCaller(fake.windows(), NAME, 5.0)
    for pipe in (first, *more):
        pipe.close()
    for end in (caller, second):
        end.close()


@pytest.mark.parametrize("process", [OTHER_PROCESS, HIDDEN_PROCESS])
def test_nothing_is_said_to_a_strangers_program(fake: FakeWindows, process: int) -> None:
    fake.listener = process
    strange = new_instance(fake.windows(), NAME, ME, first=True)
    with pytest.raises(ControlError) as refused:
        PipeCaller(fake.windows(), NAME, 5.0)
    assert refused.value.code == "not-granted"
    assert "WriteFile" not in [name for name, _ in fake.asked_for]
    strange.close()


def test_who_listens_can_not_act_as_the_caller(fake: FakeWindows, ends: tuple[Pipe, PipeCaller]) -> None:
    ((_, opened),) = [call for call in fake.asked_for if call[0] == "CreateFileW"]
    wanted = SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION
    assert opened[5] & (wanted | 0x0003_0000) == wanted


def test_the_pipe_of_a_profile(fake: FakeWindows, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(windows_pipe, "load", fake.windows)
    listening = new_instance(fake.windows(), pipe_name(tmp_path), ME, first=True)
    caller = windows_pipe.call(tmp_path, None)
    assert listening.client() == OWN_PROCESS
    caller.close()
    listening.close()
