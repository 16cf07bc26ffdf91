"""Who the exchange knows: people by their password, devices by what the service wrote for the registrar."""

from __future__ import annotations

import os
from pathlib import Path

from demo.subscribers import Subscribers

HEAD = "username(string) domain(string) password(string) ha1(string) owner(string)"
ROW = "dev1:127.0.0.1:none:0123456789abcdef0123456789abcdef:0401234567"


def write(table: Path, *lines: str) -> None:
    before = table.stat().st_mtime_ns if table.exists() else 0
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    os.utime(table, ns=(before + 10**9, before + 10**9))


def test_people_need_no_table() -> None:
    known = Subscribers("127.0.0.1", {"600": "secret"})
    assert (known.password_of("600"), known.password_of("601")) == ("secret", None)
    assert (known.number_of("600"), known.ha1_of("600", "MD5")) == ("600", None)
    assert known.algorithms == ("SHA-256", "MD5")


def test_a_device_of_the_table(tmp_path: Path) -> None:
    table = tmp_path / "subscriber"
    known = Subscribers("127.0.0.1", {}, table)
    assert known.ha1_of("dev1", "MD5") is None
    write(table, HEAD, ROW)
    assert known.ha1_of("dev1", "MD5") == "0123456789abcdef0123456789abcdef"
    assert known.number_of("dev1") == "0401234567"
    assert known.ha1_of("dev1", "SHA-256") is None
    assert known.algorithms == ("MD5",)


def test_a_device_that_was_signed_out_is_forgotten_at_once(tmp_path: Path) -> None:
    table = tmp_path / "subscriber"
    known = Subscribers("127.0.0.1", {}, table)
    write(table, HEAD, ROW)
    assert known.ha1_of("dev1", "MD5")
    write(table, HEAD)
    assert known.ha1_of("dev1", "MD5") is None


def test_another_realm_and_a_torn_row_count_for_nothing(tmp_path: Path) -> None:
    table = tmp_path / "subscriber"
    write(table, HEAD, ROW.replace("127.0.0.1", "other.example"), "dev2:127.0.0.1")
    known = Subscribers("127.0.0.1", {}, table)
    assert known.ha1_of("dev1", "MD5") is None
    assert known.ha1_of("dev2", "MD5") is None
