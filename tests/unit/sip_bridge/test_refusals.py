"""Why registering failed, in the words the sign-in window has sentences for."""

from __future__ import annotations

import pytest

from sip_bridge.core import effects
from sip_bridge.refusals import refusal
from softphone.domain.account import Refusal


@pytest.mark.parametrize(
    ("status", "key", "expected"),
    [
        (401, "wrong-credentials", Refusal.WRONG_CREDENTIALS),
        (407, "wrong-credentials", Refusal.WRONG_CREDENTIALS),
        (404, "not-found", Refusal.WRONG_CREDENTIALS),
        (403, "forbidden", Refusal.NO_RIGHT),
        (603, "forbidden", Refusal.NO_RIGHT),
        (500, "server-error", Refusal.SERVER_ERROR),
        (505, "forbidden", Refusal.SERVER_ERROR),
        (408, "timeout", Refusal.SERVER_SILENT),
        (0, "timeout", Refusal.SERVER_SILENT),
        (0, effects.REFUSED_NOT_FOUND, Refusal.SERVER_NOT_FOUND),
        (0, effects.REFUSED_NO_NETWORK, Refusal.NO_NETWORK),
        (0, effects.REFUSED_SILENT, Refusal.SERVER_SILENT),
        (0, effects.REFUSED_CONNECTION, Refusal.SERVER_SILENT),
        (0, effects.REFUSED_CERTIFICATE, Refusal.CERTIFICATE),
        (0, effects.REFUSED_EXHAUSTED, Refusal.SERVER_SILENT),
    ],
)
def test_refusals_are_the_domains(status: int, key: str, expected: Refusal) -> None:
    assert refusal(status, key) == expected.value
