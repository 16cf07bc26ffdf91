"""The one table from statuses and causes to reasons a person understands."""

from __future__ import annotations

import pytest

from sip_bridge.core import reasons
from sip_bridge.core.headers import Reason
from softphone.domain.call import EndReason


def test_every_reason_is_one_the_program_has_words_for() -> None:
    known = {str(member) for member in EndReason}
    assert set(reasons.STATUS_REASONS.values()) | set(reasons.CAUSE_REASONS.values()) <= known
    named = {value for name, value in vars(reasons).items() if name.isupper() and isinstance(value, str)}
    assert named == known


def test_phrases() -> None:
    assert reasons.phrase(486) == "Busy Here"
    assert reasons.phrase(199) == "Early Dialog Terminated"
    assert reasons.phrase(499) == "Request Failure"
    assert reasons.phrase(999) == ""


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (486, "busy"),
        (600, "busy"),
        (603, "declined"),
        (404, "not-found"),
        (484, "not-found"),
        (480, "unreachable"),
        (408, "no-answer"),
        (487, "cancelled"),
        (488, "no-common-codec"),
        (403, "not-allowed"),
        (500, "server-error"),
        (503, "server-error"),
        (599, "server-error"),
        (499, "failed"),
        (302, "failed"),
        (699, "failed"),
    ],
)
def test_statuses(status: int, reason: str) -> None:
    assert reasons.reason_for_status(status) == reason
    assert reasons.reason_for_refusal(status) == reason


@pytest.mark.parametrize(
    ("status", "said", "reason"),
    [
        (480, "Q.850;cause=19", "no-answer"),
        (503, "Q.850;cause=1", "not-found"),
        (500, "Q.850;cause=17", "busy"),
        (500, "SIP;cause=603", "declined"),
        (486, "Q.850;cause=1", "busy"),
        (500, "Q.850;cause=16", "server-error"),
        (500, "Q.850;cause=999", "server-error"),
        (500, "Q.850", "server-error"),
        (500, "x-vendor;cause=17", "server-error"),
    ],
)
def test_a_vague_status_yields_to_a_cause(status: int, said: str, reason: str) -> None:
    assert reasons.reason_for_refusal(status, [Reason.parse(said)]) == reason


def test_bye() -> None:
    assert reasons.reason_for_bye() == "remote-hung-up"
    assert reasons.reason_for_bye([Reason("q.850", 16)]) == "remote-hung-up"
    assert reasons.reason_for_bye([Reason("Preemption", 1), Reason("Q.850", 38)]) == "server-error"


def test_cancel() -> None:
    assert reasons.reason_for_cancel() == "cancelled"
    assert reasons.reason_for_cancel([Reason("SIP", 200, "Call completed elsewhere")]) == "answered-elsewhere"
    assert reasons.reason_for_cancel([Reason("Q.850", 26)]) == "answered-elsewhere"
    assert reasons.reason_for_cancel([Reason("SIP", 600)]) == "busy"
    assert reasons.reason_for_cancel([Reason("SIP", 603)]) == "declined"
    assert reasons.reason_for_cancel([Reason("Q.850", 31)]) == "cancelled"
