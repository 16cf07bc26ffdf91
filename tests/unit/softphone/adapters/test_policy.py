"""What administrators wrote, in each system's way."""

from __future__ import annotations

import plistlib
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType, TracebackType

import pytest

from softphone.adapters.policy import as_flag, read_json, read_plist, read_registry


def test_json(tmp_path: Path) -> None:
    file = tmp_path / "policy.json"
    assert read_json(file) == {}
    file.write_text('{"call.encryption": "required", "phone.emergency_numbers": ["116117"]}')
    assert read_json(file) == {"call.encryption": "required", "phone.emergency_numbers": ["116117"]}


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff"])
def test_a_damaged_file_is_no_policy(
    tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "policy").write_bytes(content)
    assert read_json(tmp_path / "policy") == {}
    assert "policy" in caplog.text


def test_plist(tmp_path: Path) -> None:
    file = tmp_path / "softphone.plist"
    assert read_plist(file) == {}
    file.write_bytes(plistlib.dumps({"control.enabled": True}))
    assert read_plist(file) == {"control.enabled": True}
    file.write_bytes(b"nonsense")
    assert read_plist(file) == {}


def test_numbers_become_flags_where_flags_are_meant() -> None:
    assert as_flag("control.enabled", 1) is True
    assert as_flag("control.enabled", 0) is False
    assert as_flag("sip.keepalive_s", 1) == 1
    assert as_flag("no.such", 1) == 1


class FakeKey:
    """An open registry key."""

    def __enter__(self) -> FakeKey:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        return None


def test_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    values: Sequence[tuple[str, object, int]] = [
        ("control.enabled", 1, 4),
        ("phone.emergency_numbers", ["116117"], 7),
    ]
    winreg = ModuleType("winreg")
    opened: list[str] = []

    def open_key(root: object, path: str) -> FakeKey:
        opened.append(path)
        if len(opened) > 1:
            raise FileNotFoundError
        return FakeKey()

    attributes = {
        "HKEY_LOCAL_MACHINE": object(),
        "OpenKey": open_key,
        "QueryInfoKey": lambda key: (0, len(values), 0),
        "EnumValue": lambda key, index: values[index],
    }
    for name, value in attributes.items():
        setattr(winreg, name, value)
    monkeypatch.setitem(sys.modules, "winreg", winreg)
    assert read_registry() == {"control.enabled": True, "phone.emergency_numbers": ["116117"]}
    assert opened == [r"Software\Policies\Softphone"]
    assert read_registry() == {}
