from __future__ import annotations

import ctypes

import pytest

from devices.com import E_NOINTERFACE, UNKNOWN, ComObject, Guid, call, release
from tests.doubles.windows_sound import wrong_interface

MINE = Guid.of("7991EEC9-7E89-4D85-8390-6C703CEC60C0")
QUERY = (ctypes.POINTER(Guid), ctypes.POINTER(ctypes.c_void_p))


def test_a_guid_lies_in_memory_as_windows_has_it() -> None:
    assert bytes(MINE).hex() == "c9ee9179897e854d83906c703cec60c0"


def test_a_method_is_called_through_the_table_with_its_arguments() -> None:
    got: list[tuple[int, int]] = []

    def method(a: int, b: int) -> int:
        got.append((a, b))
        return 0

    made = ComObject(MINE, [(method, (ctypes.c_int, ctypes.c_uint32))])
    call(made.address, 3, (ctypes.c_int, ctypes.c_uint32), -5, 4_000_000_000)
    assert got == [(-5, 4_000_000_000)]


def test_a_failure_is_an_error_that_says_which() -> None:
    made = ComObject(MINE, [(lambda: E_NOINTERFACE, ())])
    with pytest.raises(OSError, match=r"function 3 .* 0x80004002"):
        call(made.address, 3)


@pytest.mark.parametrize("wanted", [UNKNOWN, MINE])
def test_gives_its_own_interfaces_and_counts_them(wanted: Guid) -> None:
    made = ComObject(MINE, [])
    found = ctypes.c_void_p()
    call(made.address, 0, QUERY, ctypes.byref(wanted), ctypes.byref(found))
    assert (found.value, made.references) == (made.address, 2)
    release(made.address)
    assert made.references == 1


def test_has_no_interface_it_does_not_know() -> None:
    made = ComObject(MINE, [])
    found = ctypes.c_void_p(1)
    with pytest.raises(OSError, match="80004002"):
        call(made.address, 0, QUERY, ctypes.byref(wrong_interface()), ctypes.byref(found))
    assert (found.value, made.references) == (None, 1)
    with pytest.raises(OSError, match="80004002"):
        call(made.address, 0, QUERY, ctypes.byref(wrong_interface()), ctypes.byref(found))
