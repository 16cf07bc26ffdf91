"""The service's keys: made once, for this user alone, and different for each purpose."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.adapters.keys import NAME, BrokenKey, FileKeys


def test_made_once(tmp_path: Path) -> None:
    first, second = FileKeys(tmp_path), FileKeys(tmp_path)
    assert first.confirmation() == second.confirmation()
    assert len({first.confirmation(), first.refresh(), (tmp_path / NAME).read_bytes()}) == 3
    assert (len(first.confirmation()), len(first.refresh())) == (32, 32)
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


@pytest.mark.parametrize("content", [b"", b"x" * 31, b"x" * 33])
def test_what_is_no_key_is_not_written_over(tmp_path: Path, content: bytes) -> None:
    (tmp_path / NAME).write_bytes(content)
    with pytest.raises(BrokenKey):
        FileKeys(tmp_path)
    assert (tmp_path / NAME).read_bytes() == content
