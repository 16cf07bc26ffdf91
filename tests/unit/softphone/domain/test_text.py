"""What strangers write, before it is shown."""

from __future__ import annotations

import pytest

from softphone.domain.call import Party
from softphone.domain.text import harmless


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Aino Mäkelä", "Aino Mäkelä"),
        ("محمد 👨\u200d👩\u200d👧", "محمد 👨\u200d👩\u200d👧"),
        ("Bank\u202e2112\u202c", "Bank2112"),
        ("\u2066\u200eBank\ufeff", "Bank"),
        ("Bank\r\nCall 0900\tnow\u2028!", "Bank Call 0900 now !"),
        ("a\x00b\x1b[31mc\x7f", "a b [31mc"),
        ("\udcff\ud800Bob", "Bob"),
        (" \n ", ""),
        ("x" * 60_000, "x" * 39 + "…"),
    ],
)
def test_one_line_that_can_be_shown_and_stored(written: str, shown: str) -> None:
    assert harmless(written, 40) == shown


def test_whoever_calls_is_harmless() -> None:
    party = Party("sip:a%0d%0a\udcff@b", "112\r\n\u202e9", "B\nob" + "b" * 1_000)
    assert party == Party("sip:a%0d%0a @b", "112 9", "B ob" + "b" * 123 + "…")
