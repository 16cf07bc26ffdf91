"""Who a Windows process belongs to, and the access list that lets one user in."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager

from softphone.control.windows_calls import (
    DWORD,
    HANDLE,
    PROCESS_QUERY_LIMITED_INFORMATION,
    SDDL_REVISION_1,
    THIS_PROCESS,
    TOKEN_QUERY,
    TOKEN_USER,
    SecurityAttributes,
    Windows,
)


def own_user(windows: Windows) -> str:
    """This process's user as a SID, `S-1-…`. Raises CallFailed."""
    return _user(windows, THIS_PROCESS)


def user_of(windows: Windows, process_id: int) -> str:
    """Another process's user as a SID. Raises CallFailed where that can't be told."""
    process: int | None = windows.kernel32.OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, False, process_id)
    if process is None:
        raise windows.failure("OpenProcess")
    try:
        return _user(windows, process)
    finally:
        windows.close(process)


@contextmanager
def only_for(windows: Windows, sid: str) -> Iterator[SecurityAttributes]:
    """Attributes of what this user alone may open: a protected list with one entry. Raises CallFailed."""
    descriptor = ctypes.c_void_p()
    convert = windows.advapi32.ConvertStringSecurityDescriptorToSecurityDescriptorW
    windows.require(
        convert(f"D:P(A;;GA;;;{sid})", SDDL_REVISION_1, ctypes.byref(descriptor), None),
        "ConvertStringSecurityDescriptorToSecurityDescriptorW",
    )
    try:
        yield SecurityAttributes(ctypes.sizeof(SecurityAttributes), descriptor, False)
    finally:
        windows.kernel32.LocalFree(descriptor)


def _user(windows: Windows, process: int) -> str:
    token = HANDLE()
    windows.require(
        windows.advapi32.OpenProcessToken(process, TOKEN_QUERY, ctypes.byref(token)), "OpenProcessToken"
    )
    try:
        return _token_user(windows, token.value or 0)
    finally:
        windows.close(token.value or 0)


def _token_user(windows: Windows, token: int) -> str:
    ask, size = windows.advapi32.GetTokenInformation, DWORD()
    ask(token, TOKEN_USER, None, 0, ctypes.byref(size))
    answer = ctypes.create_string_buffer(max(size.value, ctypes.sizeof(ctypes.c_void_p)))
    windows.require(ask(token, TOKEN_USER, answer, len(answer), ctypes.byref(size)), "GetTokenInformation")
    sid = ctypes.c_void_p.from_buffer(answer)  # TOKEN_USER begins with the pointer to the SID
    return _text(windows, sid)


def _text(windows: Windows, sid: ctypes.c_void_p) -> str:
    text = ctypes.c_void_p()
    windows.require(
        windows.advapi32.ConvertSidToStringSidW(sid, ctypes.byref(text)), "ConvertSidToStringSidW"
    )
    try:
        return ctypes.wstring_at(text.value or 0)
    finally:
        windows.kernel32.LocalFree(text)
