from __future__ import annotations

import gc
import sys

import pytest

from softphone.runtime.collector import wait_until_it_stands
from softphone.runtime.preload import preload

MODULE = "this"


def test_modules_are_there_afterwards_and_are_never_looked_through_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    sys.modules.pop(MODULE, None)
    wait_until_it_stands()
    try:
        preload((MODULE,))
        assert MODULE in sys.modules
        assert "Zen" in capsys.readouterr().out
        assert gc.get_freeze_count() > 0
        assert gc.isenabled()
    finally:
        gc.unfreeze()
        gc.enable()
        sys.modules.pop(MODULE, None)


def test_a_module_that_is_not_there_is_told() -> None:
    with pytest.raises(ImportError):
        preload(("softphone.runtime.nowhere",))


def test_nothing_is_collected_before_the_program_stands() -> None:
    wait_until_it_stands()
    try:
        assert not gc.isenabled()
    finally:
        gc.enable()
