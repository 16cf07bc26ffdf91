"""A stage for each test: the real services and presenters over doubles, without a screen."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.doubles.stage import Stage


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """A started program."""
    played = Stage(tmp_path)
    await played.open()
    yield played
    await played.close()
