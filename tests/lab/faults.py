"""What a program tells of faults of its own while a test runs in its process."""

from __future__ import annotations

import logging

import pytest


def assert_none_logged(caplog: pytest.LogCaptureFixture) -> None:
    """No error was logged in the test; one that expects an error looks for it and clears `caplog`."""
    faults = [record for record in caplog.get_records("call") if record.levelno >= logging.ERROR]
    assert not faults, [record.getMessage() for record in faults]
