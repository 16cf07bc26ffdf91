"""What named pipes need of Windows: constants, structures, and the functions with their signatures."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from ctypes import c_size_t, c_uint32, c_void_p, c_wchar_p
from dataclasses import dataclass
from typing import Any

DWORD, BOOL, HANDLE = c_uint32, ctypes.c_int, c_void_p

INVALID_HANDLE = c_void_p(-1).value
THIS_PROCESS = -1
INFINITE = 0xFFFFFFFF
WAIT_OBJECT_0, WAIT_TIMEOUT = 0, 0x102

ERROR_FILE_NOT_FOUND = 2
ERROR_BROKEN_PIPE, ERROR_PIPE_BUSY, ERROR_NO_DATA = 109, 231, 232
ERROR_PIPE_NOT_CONNECTED, ERROR_PIPE_CONNECTED = 233, 535
ERROR_OPERATION_ABORTED, ERROR_IO_PENDING = 995, 997

PIPE_ACCESS_DUPLEX = 0x3
FILE_FLAG_FIRST_PIPE_INSTANCE = 0x0008_0000
FILE_FLAG_OVERLAPPED = 0x4000_0000
PIPE_REJECT_REMOTE_CLIENTS = 0x8
PIPE_UNLIMITED_INSTANCES = 255

GENERIC_READ_WRITE = 0xC000_0000
OPEN_EXISTING = 3
SECURITY_SQOS_PRESENT, SECURITY_IDENTIFICATION = 0x0010_0000, 0x0001_0000

PROCESS_QUERY_LIMITED_INFORMATION = 0x1000
TOKEN_QUERY, TOKEN_USER = 0x8, 1
SDDL_REVISION_1 = 1


class Overlapped(ctypes.Structure):
    """OVERLAPPED: one operation under way; `event` is set when it is done."""

    _fields_ = (
        ("internal", c_size_t),
        ("internal_high", c_size_t),
        ("offset", DWORD),
        ("offset_high", DWORD),
        ("event", HANDLE),
    )


class SecurityAttributes(ctypes.Structure):
    """SECURITY_ATTRIBUTES: who may open what is made."""

    _fields_ = (("length", DWORD), ("descriptor", c_void_p), ("inherit", BOOL))


class CallFailed(OSError):
    """A Windows function failed; `code` is what GetLastError told."""

    def __init__(self, function: str, code: int) -> None:
        super().__init__(code, f"{function} failed with Windows error {code}")
        self.code = code


@dataclass(frozen=True, slots=True)
class Windows:
    """The two libraries and the calling thread's last error; tests put their own in."""

    kernel32: Any
    advapi32: Any
    last_error: Callable[[], int]

    def failure(self, function: str) -> CallFailed:
        """The failure of a function that was just called."""
        return CallFailed(function, self.last_error())

    def require(self, done: object, function: str) -> None:
        """Raises CallFailed when `done` says that the function failed."""
        if not done:
            raise self.failure(function)

    def new_event(self) -> int:
        """An event that stays set once it is."""
        event: int | None = self.kernel32.CreateEventW(None, True, False, None)
        if event is None:
            raise self.failure("CreateEventW")
        return event

    def close(self, handle: int) -> None:
        """Give a handle back."""
        self.kernel32.CloseHandle(handle)


SIGNATURES: dict[str, dict[str, tuple[Any, tuple[Any, ...]]]] = {
    "kernel32": {
        "CreateNamedPipeW": (HANDLE, (c_wchar_p, DWORD, DWORD, DWORD, DWORD, DWORD, DWORD, c_void_p)),
        "ConnectNamedPipe": (BOOL, (HANDLE, c_void_p)),
        "CreateFileW": (HANDLE, (c_wchar_p, DWORD, DWORD, c_void_p, DWORD, DWORD, HANDLE)),
        "WaitNamedPipeW": (BOOL, (c_wchar_p, DWORD)),
        "ReadFile": (BOOL, (HANDLE, c_void_p, DWORD, c_void_p, c_void_p)),
        "WriteFile": (BOOL, (HANDLE, c_void_p, DWORD, c_void_p, c_void_p)),
        "GetOverlappedResult": (BOOL, (HANDLE, c_void_p, c_void_p, BOOL)),
        "CancelIoEx": (BOOL, (HANDLE, c_void_p)),
        "CreateEventW": (HANDLE, (c_void_p, BOOL, BOOL, c_wchar_p)),
        "SetEvent": (BOOL, (HANDLE,)),
        "WaitForMultipleObjects": (DWORD, (DWORD, c_void_p, BOOL, DWORD)),
        "CloseHandle": (BOOL, (HANDLE,)),
        "GetNamedPipeClientProcessId": (BOOL, (HANDLE, c_void_p)),
        "GetNamedPipeServerProcessId": (BOOL, (HANDLE, c_void_p)),
        "OpenProcess": (HANDLE, (DWORD, BOOL, DWORD)),
        "LocalFree": (c_void_p, (c_void_p,)),
    },
    "advapi32": {
        "OpenProcessToken": (BOOL, (HANDLE, DWORD, c_void_p)),
        "GetTokenInformation": (BOOL, (HANDLE, DWORD, c_void_p, DWORD, c_void_p)),
        "ConvertSidToStringSidW": (BOOL, (c_void_p, c_void_p)),
        "ConvertStringSecurityDescriptorToSecurityDescriptorW": (
            BOOL,
            (c_wchar_p, DWORD, c_void_p, c_void_p),
        ),
    },
}


def load() -> Windows:
    """The real libraries; there are none elsewhere than on Windows."""
    here: Any = ctypes
    libraries = {name: here.WinDLL(name, use_last_error=True) for name in SIGNATURES}
    for name, functions in SIGNATURES.items():
        for function, (result, arguments) in functions.items():
            found = getattr(libraries[name], function)
            found.restype, found.argtypes = result, arguments
    return Windows(libraries["kernel32"], libraries["advapi32"], here.get_last_error)
