"""Rows of meetings to values and back."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Row

from service.domain.chat import Line
from service.domain.confirmation import Binding, Confirmation
from service.domain.session import Session
from service.usecases.meeting_ports import Record
from service_api.meeting import Equipment
from service_api.states import Assurance, ClientKind, Seat, SessionState


def record(row: Row[Any]) -> Record:
    """Of `meetings`."""
    return Record(row.appointment_id, row.started_at, row.ended_at)


def record_values(one: Record) -> dict[str, object]:
    """For `meetings`."""
    return {
        "appointment_id": one.appointment,
        "started_at": one.started_at,
        "ended_at": one.ended_at,
    }


def session(row: Row[Any]) -> Session:
    """Of `meeting_sessions`."""
    return Session(
        id=row.id,
        appointment=row.appointment_id,
        key=row.key,
        participant=row.participant,
        name=row.name,
        seat=Seat(row.seat),
        assurance=Assurance(row.assurance),
        made_at=row.made_at,
        state=SessionState(row.state),
        client=ClientKind(row.client),
        other_device=row.other_device,
        code_confirmed=row.code_confirmed,
        camera=row.camera,
        microphone=row.microphone,
        equipment=Equipment.model_validate_json(row.equipment),
        reason=row.reason,
        waiting_since=row.waiting_since,
        away_since=row.away_since,
        resume_hash=bytes.fromhex(row.resume_hash),
        former_resume_hash=bytes.fromhex(row.former_resume_hash),
    )


def session_values(one: Session) -> dict[str, object]:
    """For `meeting_sessions`."""
    return {
        "id": one.id,
        "appointment_id": one.appointment,
        "key": one.key,
        "participant": one.participant,
        "name": one.name,
        "seat": one.seat.value,
        "assurance": one.assurance.value,
        "made_at": one.made_at,
        "state": one.state.value,
        "client": one.client.value,
        "other_device": one.other_device,
        "code_confirmed": one.code_confirmed,
        "camera": one.camera,
        "microphone": one.microphone,
        "equipment": one.equipment.model_dump_json(),
        "reason": one.reason,
        "waiting_since": one.waiting_since,
        "away_since": one.away_since,
        "resume_hash": one.resume_hash.hex(),
        "former_resume_hash": one.former_resume_hash.hex(),
    }


def line(row: Row[Any]) -> Line:
    """Of `meeting_lines`."""
    return Line(
        id=row.id,
        number=row.number,
        appointment=row.appointment_id,
        session=row.session_id,
        name=row.name,
        text=row.text,
        at=row.said_at,
        command=row.command,
        lobby=row.lobby,
        to=row.told_to,
        audience=frozenset(json.loads(row.audience)),
    )


def line_values(one: Line) -> dict[str, object]:
    """For `meeting_lines`."""
    return {
        "id": one.id,
        "number": one.number,
        "appointment_id": one.appointment,
        "session_id": one.session,
        "name": one.name,
        "text": one.text,
        "said_at": one.at,
        "command": one.command,
        "lobby": one.lobby,
        "told_to": one.to,
        "audience": json.dumps(sorted(one.audience)),
    }


def confirmation(row: Row[Any]) -> Confirmation:
    """Of `confirmations`."""
    return Confirmation(
        binding=Binding(row.appointment_id, row.participant, row.session_id),
        seal=bytes.fromhex(row.seal),
        expires_at=row.expires_at,
        tries_left=row.tries_left,
        used=row.used,
    )


def confirmation_values(one: Confirmation) -> dict[str, object]:
    """For `confirmations`."""
    return {
        "session_id": one.binding.session,
        "appointment_id": one.binding.appointment,
        "participant": one.binding.participant,
        "seal": one.seal.hex(),
        "expires_at": one.expires_at,
        "tries_left": one.tries_left,
        "used": one.used,
    }
