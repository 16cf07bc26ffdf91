"""Around every integration test: nothing in this process logs an error nobody expected."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab.faults import assert_none_logged


@pytest.fixture(autouse=True)
def no_errors_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """An unexpected error is a fault, whatever else the test found."""
    yield
    assert_none_logged(caplog)
