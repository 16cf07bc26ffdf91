"""The wire types of meetings: what is let in, what is kept out, and what never shows."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from service_api import accounts, appointments, meeting
from service_api.model import Wire
from service_api.states import Assurance, ClientKind, MeetingRefusal

START = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
SECRET = "s" * 43


def draft(**changed: object) -> dict[str, object]:
    """A draft that is in order, but for what is changed."""
    plain: dict[str, object] = {
        "draft_id": "d1",
        "title": "Lending talk",
        "start": START.isoformat(),
        "end": (START + timedelta(hours=1)).isoformat(),
        "time_zone": "Europe/Helsinki",
        "participants": [{"name": "Aino Asiakas", "phone": "040 123 4567"}],
    }
    return plain | changed


def test_a_draft_and_its_defaults() -> None:
    read = appointments.AppointmentDraft.model_validate_json(json.dumps(draft()))
    assert (read.lobby, read.demanded, read.participants[0].language) == (True, Assurance.LINK, "fi")


@pytest.mark.parametrize(
    "start", ["2026-11-24T10:00:00Z", "2026-11-24T12:00+02:00", "2026-11-24t12:00:00.000+02:00"]
)
def test_times_are_written_out_with_their_offset(start: str) -> None:
    read = appointments.AppointmentDraft.model_validate_json(json.dumps(draft(start=start)))
    assert read.start == START


@pytest.mark.parametrize(
    "start",
    [1_795_514_400, "1795514400", 1.5, "2026-11-24", "2026-11-24T10:00:00", "2026-11-24 10:00Z", "", None],
)
def test_what_is_no_time(start: object) -> None:
    with pytest.raises(ValidationError):
        appointments.AppointmentDraft.model_validate_json(json.dumps(draft(start=start)))


def test_a_title_is_one_line() -> None:
    with pytest.raises(ValidationError):
        appointments.AppointmentDraft.model_validate_json(json.dumps(draft(title="Loan\nBcc: everybody")))


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("end", START.isoformat()),
        ("end", (START + timedelta(hours=25)).isoformat()),
        ("start", "2026-11-24T10:00:00"),
        ("time_zone", "Europe/Atlantis"),
        ("title", " "),
        ("title", "x" * 121),
        ("office", "two\nlines"),
        ("participants", [{"name": "A", "email": "not an address"}]),
        ("participants", [{"name": "A", "phone": "call me"}]),
        ("participants", [{"name": "A"}] * 21),
        ("draft_id", "../x"),
    ],
)
def test_a_draft_that_makes_no_sense(member: str, value: object) -> None:
    with pytest.raises(ValidationError) as wrong:
        appointments.AppointmentDraft.model_validate_json(json.dumps(draft(**{member: value})))
    assert str(value).strip()[:20] not in str(wrong.value) or value == " "


@pytest.mark.parametrize("written", ["Bring\r\nyour papers.", "Bring\ryour papers.", "Bring\nyour papers."])
def test_lines_end_in_one_way_however_they_came(written: str) -> None:
    read = appointments.AppointmentDraft.model_validate_json(json.dumps(draft(description=written)))
    assert read.description == "Bring\nyour papers."


def test_time_zones_are_looked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = []

    def zones() -> set[str]:
        looked.append(1)
        return {"Europe/Helsinki"}

    monkeypatch.setattr(appointments, "available_timezones", zones)
    appointments.time_zones.cache_clear()
    try:
        for _ in range(3):
            appointments.AppointmentDraft.model_validate_json(json.dumps(draft()))
        with pytest.raises(ValidationError):
            appointments.AppointmentDraft.model_validate_json(json.dumps(draft(time_zone="Europe/Stockholm")))
    finally:
        appointments.time_zones.cache_clear()
    assert len(looked) == 1


def test_assurance_has_an_order() -> None:
    assert [level.rank for level in (Assurance.LINK, Assurance.PHONE, Assurance.SIGNED_IN)] == [0, 1, 2]
    assert Assurance.STRONG.rank == 3


def members_of(union: object) -> list[type[Wire]]:
    """The classes of a discriminated union."""
    return list(get_args(get_args(union)[0]))


@pytest.mark.parametrize("union", [meeting.AnyCommand, meeting.AnyEvent])
def test_every_message_is_told_apart_by_its_type(union: object) -> None:
    types = [kind.model_fields["type"].default for kind in members_of(union)]
    assert len(set(types)) == len(types)


def test_a_command_of_each_kind_comes_back_as_it_was() -> None:
    plain: dict[str, object] = {
        "id": "c1", "client": "browser", "session": "s1", "camera": True, "microphone": False, "text": "hei",
        "code": "012345", "ticket": SECRET, "sdp": "v=0", "feed": "f1", "subscription": "u1", "video": True,
        "height": 360,
    }  # fmt: skip
    for kind in members_of(meeting.AnyCommand):
        wanted = {name: plain[name] for name, field in kind.model_fields.items() if field.is_required()}
        made = kind.model_validate(wanted)
        assert meeting.COMMANDS.validate_json(made.model_dump_json()) == made


@given(st.text())
def test_text_that_is_no_command(text: str) -> None:
    with pytest.raises(ValidationError):
        meeting.COMMANDS.validate_json(text)


@pytest.mark.parametrize("code", ["12345", "1234567", "12345x", "١٢٣٤٥٦", " 123456", "123456\n"])
def test_a_code_is_six_plain_digits_and_is_not_told_when_wrong(code: str) -> None:
    with pytest.raises(ValidationError) as wrong:
        meeting.COMMANDS.validate_python({"id": "c1", "type": "confirm-code", "code": code})
    assert code not in str(wrong.value)


def test_what_is_secret_never_shows() -> None:
    values: list[Wire] = [
        accounts.TokenRequest(device_id="d", refresh_token=SECRET),
        accounts.Tokens(access_token=SECRET, expires_in=600, refresh_token=SECRET),
        appointments.LinkExchange(secret=SECRET, client="program", device_token=SECRET),
        meeting.Redeem(id="c", ticket=SECRET),
        meeting.Hello(id="c", client=ClientKind.PROGRAM, resume_token=SECRET),
        meeting.Ticket(ticket=SECRET, expires_in=60),
        meeting.ConfirmCode(id="c", code="424242"),
        meeting.Done(id="c", code="424242"),
    ]
    shown = repr(values) + str(values)
    assert SECRET not in shown
    assert "424242" not in shown


def test_unknown_members_are_passed_over() -> None:
    read = meeting.COMMANDS.validate_python({"id": "c1", "type": "leave", "new": {"deep": [1]}})
    assert read == meeting.Leave(id="c1")


def test_a_reason_nobody_knows_yet_is_a_server_error() -> None:
    told = {"type": "refused", "id": "c1", "code": "too-dark", "tries_left": 2}
    read = meeting.EVENTS.validate_json(json.dumps(told))
    assert read == meeting.Refused(id="c1", code=MeetingRefusal.SERVER_ERROR, tries_left=2)
    told["code"] = "wrong-code"
    known = meeting.EVENTS.validate_json(json.dumps(told))
    assert known == meeting.Refused(id="c1", code=MeetingRefusal.WRONG_CODE, tries_left=2)


@pytest.mark.parametrize("code", [None, 7, ["wrong-code"], {}])
def test_what_is_no_reason_at_all_is_not_read(code: object) -> None:
    with pytest.raises(ValidationError):
        meeting.EVENTS.validate_json(json.dumps({"type": "refused", "id": "c1", "code": code}))
