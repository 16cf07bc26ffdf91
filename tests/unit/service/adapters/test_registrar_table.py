"""The registrar's table: whole at every moment, and newer in whole seconds at every change."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.adapters.registrar_table import HEADER, TableError, TableRegistrar
from service.domain.account import SipCredential


def device(number: int, owner: str = "0401234567") -> SipCredential:
    return SipCredential(f"d{number}", f"user{number}", "phone.test", "MD5", "a" * 32, owner)


async def test_a_line_for_each_device(tmp_path: Path) -> None:
    path = tmp_path / "subscriber"
    registrar = TableRegistrar(path)
    await registrar.admit([device(1), device(2, "1:2\\3")])
    assert path.read_text().splitlines() == [
        HEADER,
        f"user1:phone.test:none:{'a' * 32}:0401234567",
        f"user2:phone.test:none:{'a' * 32}:1\\:2\\\\3",
    ]
    assert path.stat().st_mode & 0o777 == 0o640
    await registrar.admit([])
    assert path.read_text() == HEADER + "\n"
    assert [one.name for one in tmp_path.iterdir()] == ["subscriber"]


async def test_every_change_is_seen_by_who_looks_at_whole_seconds(tmp_path: Path) -> None:
    path = tmp_path / "subscriber"
    registrar = TableRegistrar(path)
    times = []
    for number in range(4):
        await registrar.admit([device(number)])
        times.append(int(path.stat().st_mtime))
    assert times == sorted(set(times))


async def test_a_table_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="No such file"):
        await TableRegistrar(tmp_path / "missing" / "subscriber").admit([])
