"""A named pipe of Windows that only its own user can open, asked at both ends who the other one is.

Every operation is overlapped: on a plain handle a read that waits would hold up the writes of other threads.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from softphone.control.protocol import MESSAGE_LIMIT, ControlError
from softphone.control.windows_calls import (
    DWORD,
    ERROR_BROKEN_PIPE,
    ERROR_IO_PENDING,
    ERROR_NO_DATA,
    ERROR_PIPE_BUSY,
    ERROR_PIPE_CONNECTED,
    ERROR_PIPE_NOT_CONNECTED,
    FILE_FLAG_FIRST_PIPE_INSTANCE,
    FILE_FLAG_OVERLAPPED,
    GENERIC_READ_WRITE,
    HANDLE,
    INFINITE,
    INVALID_HANDLE,
    OPEN_EXISTING,
    PIPE_ACCESS_DUPLEX,
    PIPE_REJECT_REMOTE_CLIENTS,
    PIPE_UNLIMITED_INSTANCES,
    SECURITY_IDENTIFICATION,
    SECURITY_SQOS_PRESENT,
    WAIT_OBJECT_0,
    WAIT_TIMEOUT,
    CallFailed,
    Overlapped,
    Windows,
    load,
)
from softphone.control.windows_user import only_for, own_user, user_of

CHUNK = 16 * 1024
GLANCE_MS = 500
"""How often a waiting command line looks up: a wait without end would never see Ctrl+C."""

BUSY_MS, BUSY_TRIES = 1000, 5
"""How long a caller waits for a free instance, and how often it may be snatched away."""

_GONE = (ERROR_BROKEN_PIPE, ERROR_NO_DATA, ERROR_PIPE_NOT_CONNECTED)


def pipe_name(profile: Path) -> str:
    """The pipe of a profile, the same for every way its path can be written."""
    folder = os.path.normcase(os.path.realpath(profile))
    return rf"\\.\pipe\softphone-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:32]}"


class Pipe:
    """One end of a pipe: reads and writes wait, on any thread, until `stop` ends them all."""

    def __init__(self, windows: Windows, handle: int, glance_ms: int = INFINITE) -> None:
        self._windows = windows
        self._handle = handle
        self._glance_ms = glance_ms
        self._stopped = self._closed = False
        self._ending = threading.Lock()
        try:
            self._stop = windows.new_event()
        except CallFailed:
            windows.close(handle)
            raise

    def accept(self) -> bool:
        """Wait for a caller; False when stopped instead. Raises CallFailed."""
        connect = self._windows.kernel32.ConnectNamedPipe
        try:
            self._run("ConnectNamedPipe", lambda overlapped: connect(self._handle, overlapped), None)
        except ConnectionAbortedError:
            return False
        except CallFailed as failure:
            if failure.code not in (ERROR_PIPE_CONNECTED, ERROR_NO_DATA):
                raise
        return True

    def read(self, timeout_s: float | None = None) -> bytes:
        """What has come, at least a byte; nothing once the other end has gone.

        Raises TimeoutError, ConnectionAbortedError after `stop`, CallFailed.
        """
        buffer = ctypes.create_string_buffer(CHUNK)
        read = self._windows.kernel32.ReadFile
        try:
            count = self._run(
                "ReadFile", lambda overlapped: read(self._handle, buffer, CHUNK, None, overlapped), timeout_s
            )
        except CallFailed as failure:
            if failure.code in _GONE:
                return b""
            raise
        return buffer.raw[:count]

    def write(self, data: bytes, timeout_s: float | None = None) -> None:
        """Send all of it. Raises BrokenPipeError when the other end has gone, else as `read`."""
        write = self._windows.kernel32.WriteFile
        while data:
            part = ctypes.create_string_buffer(data[:CHUNK], min(len(data), CHUNK))

            def begin(overlapped: Any, part: ctypes.Array[ctypes.c_char] = part) -> object:
                done: object = write(self._handle, part, len(part), None, overlapped)
                return done

            try:
                data = data[self._run("WriteFile", begin, timeout_s) :]
            except CallFailed as failure:
                if failure.code in _GONE:
                    raise BrokenPipeError(failure.code, "the other end has gone") from failure
                raise

    def client(self) -> int:
        """Process id of the caller. Raises CallFailed."""
        return self._other_end("GetNamedPipeClientProcessId")

    def server(self) -> int:
        """Process id of who listens. Raises CallFailed."""
        return self._other_end("GetNamedPipeServerProcessId")

    def stop(self) -> None:
        """End everything that waits here, and let nothing begin any more; harmless after `close`."""
        with self._ending:
            self._stopped = True
            if not self._closed:
                self._windows.kernel32.SetEvent(self._stop)

    def close(self) -> None:
        """Give the handles back; nothing may be waiting any more. What was written can still be read."""
        with self._ending:
            self._closed = True
            self._windows.close(self._handle)
            self._windows.close(self._stop)

    def _other_end(self, function: str) -> int:
        process_id = DWORD()
        ask = getattr(self._windows.kernel32, function)
        self._windows.require(ask(self._handle, ctypes.byref(process_id)), function)
        return process_id.value

    def _run(self, function: str, begin: Callable[[Any], object], timeout_s: float | None) -> int:
        """One operation from its begin to its end; returns the bytes moved."""
        if self._stopped:
            raise ConnectionAbortedError("stopped")
        event = self._windows.new_event()
        try:
            overlapped = Overlapped(event=event)
            if not begin(ctypes.byref(overlapped)):
                failure = self._windows.failure(function)
                if failure.code != ERROR_IO_PENDING:
                    raise failure
                self._finish(overlapped, timeout_s)
            return self._result(function, overlapped)
        finally:
            self._windows.close(event)

    def _finish(self, overlapped: Overlapped, timeout_s: float | None) -> None:
        """Wait for the end; whatever comes in between, Windows must have let go of the buffer first."""
        done = False
        try:
            done = self._wait(overlapped, timeout_s)
        finally:
            if not done:
                self._windows.kernel32.CancelIoEx(self._handle, ctypes.byref(overlapped))
                self._windows.kernel32.GetOverlappedResult(
                    self._handle, ctypes.byref(overlapped), ctypes.byref(DWORD()), True
                )

    def _wait(self, overlapped: Overlapped, timeout_s: float | None) -> bool:
        left_ms = None if timeout_s is None else max(1, round(timeout_s * 1000))
        events = (HANDLE * 2)(overlapped.event, self._stop)
        while left_ms is None or left_ms > 0:
            glance_ms = self._glance_ms if left_ms is None else min(self._glance_ms, left_ms)
            found = self._windows.kernel32.WaitForMultipleObjects(2, events, False, glance_ms)
            if found == WAIT_OBJECT_0:
                return True
            if found != WAIT_TIMEOUT:
                raise ConnectionAbortedError("stopped")
            left_ms = None if left_ms is None else left_ms - glance_ms
        raise TimeoutError("the other end is silent")

    def _result(self, function: str, overlapped: Overlapped) -> int:
        count = DWORD()
        result = self._windows.kernel32.GetOverlappedResult(
            self._handle, ctypes.byref(overlapped), ctypes.byref(count), False
        )
        self._windows.require(result, function)
        return count.value


def new_instance(windows: Windows, name: str, sid: str, *, first: bool) -> Pipe:
    """The listening end for one more caller of this user, on this machine. Raises CallFailed.

    The first one also fails where somebody else already listens under the name.
    """
    mode = PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | (FILE_FLAG_FIRST_PIPE_INSTANCE if first else 0)
    with only_for(windows, sid) as attributes:
        handle: int | None = windows.kernel32.CreateNamedPipeW(
            name,
            mode,
            PIPE_REJECT_REMOTE_CLIENTS,
            PIPE_UNLIMITED_INSTANCES,
            MESSAGE_LIMIT,
            MESSAGE_LIMIT,
            0,
            ctypes.byref(attributes),
        )
    if handle is None or handle == INVALID_HANDLE:
        raise windows.failure("CreateNamedPipeW")
    return Pipe(windows, handle)


class PipeCaller:
    """The command line's end; nothing is sent before it is known that this user listens."""

    def __init__(self, windows: Windows, name: str, timeout_s: float | None) -> None:
        self._timeout_s = timeout_s
        self._buffer = b""
        self._pipe = Pipe(windows, _open(windows, name), GLANCE_MS)
        try:
            _require_own_server(windows, self._pipe)
        except BaseException:
            self._pipe.close()
            raise

    def send(self, data: bytes) -> None:
        """Send all of it."""
        self._pipe.write(data, self._timeout_s)

    def read_line(self, limit: int) -> bytes:
        """One line of at most `limit` bytes; nothing at the end."""
        while b"\n" not in self._buffer and len(self._buffer) < limit:
            chunk = self._pipe.read(self._timeout_s)
            if not chunk:
                break
            self._buffer += chunk
        end = min(self._buffer.find(b"\n") + 1 or limit, limit)
        line, self._buffer = self._buffer[:end], self._buffer[end:]
        return line

    def close(self) -> None:
        """Let the connection go."""
        self._pipe.close()


def call(profile: Path, timeout_s: float | None) -> PipeCaller:
    """Reach the running program of this profile.

    Raises OSError when none runs, ControlError (not-granted) when somebody else listens in its place.
    """
    return PipeCaller(load(), pipe_name(profile), timeout_s)


def _open(windows: Windows, name: str) -> int:
    """Open the pipe; who listens may see who we are, but not act as us. Raises CallFailed."""
    flags = FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION
    for _ in range(BUSY_TRIES):
        handle: int | None = windows.kernel32.CreateFileW(
            name, GENERIC_READ_WRITE, 0, None, OPEN_EXISTING, flags, None
        )
        if handle is not None and handle != INVALID_HANDLE:
            return handle
        failure = windows.failure("CreateFileW")
        if failure.code != ERROR_PIPE_BUSY:
            break
        windows.kernel32.WaitNamedPipeW(name, BUSY_MS)
    raise failure


def _require_own_server(windows: Windows, pipe: Pipe) -> None:
    try:
        own = user_of(windows, pipe.server()) == own_user(windows)
    except CallFailed as failure:
        raise ControlError("who listens can't be told", code="not-granted") from failure
    if not own:
        raise ControlError("another user's program listens in its place", code="not-granted")
