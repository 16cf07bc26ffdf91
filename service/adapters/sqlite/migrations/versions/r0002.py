"""Meetings: places, chat, confirmation codes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision: str | None = "0001"


def upgrade() -> None:
    """From 0001."""
    op.create_table(
        "meetings",
        sa.Column("appointment_id", sa.String(length=64), nullable=False),
        sa.Column("started_at", sa.Double(), nullable=True),
        sa.Column("ended_at", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointments.id"], name=op.f("fk_meetings_appointment_id")
        ),
        sa.PrimaryKeyConstraint("appointment_id", name=op.f("pk_meetings")),
    )
    _sessions()
    _lines()
    _confirmations()


def _sessions() -> None:
    op.create_table(
        "meeting_sessions",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("appointment_id", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("participant", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("seat", sa.String(length=16), nullable=False),
        sa.Column("assurance", sa.String(length=16), nullable=False),
        sa.Column("made_at", sa.Double(), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("client", sa.String(length=16), nullable=False),
        sa.Column("other_device", sa.Boolean(), nullable=False),
        sa.Column("code_confirmed", sa.Boolean(), nullable=False),
        sa.Column("camera", sa.Boolean(), nullable=False),
        sa.Column("microphone", sa.Boolean(), nullable=False),
        sa.Column("equipment", sa.Text(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("waiting_since", sa.Double(), nullable=True),
        sa.Column("away_since", sa.Double(), nullable=True),
        sa.Column("resume_hash", sa.String(length=64), nullable=False),
        sa.Column("former_resume_hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointments.id"], name=op.f("fk_meeting_sessions_appointment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting_sessions")),
        sa.UniqueConstraint("appointment_id", "key", name=op.f("uq_meeting_sessions_appointment_id_key")),
    )
    op.create_index(op.f("ix_meeting_sessions_state"), "meeting_sessions", ["state"])


def _lines() -> None:
    op.create_table(
        "meeting_lines",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("appointment_id", sa.String(length=64), nullable=False),
        sa.Column("session_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("said_at", sa.Double(), nullable=False),
        sa.Column("command", sa.String(length=64), nullable=False),
        sa.Column("lobby", sa.Boolean(), nullable=False),
        sa.Column("told_to", sa.String(length=64), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointments.id"], name=op.f("fk_meeting_lines_appointment_id")
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["meeting_sessions.id"], name=op.f("fk_meeting_lines_session_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting_lines")),
        sa.UniqueConstraint("appointment_id", "number", name=op.f("uq_meeting_lines_appointment_id_number")),
        sa.UniqueConstraint("session_id", "command", name=op.f("uq_meeting_lines_session_id_command")),
    )


def _confirmations() -> None:
    op.create_table(
        "confirmations",
        sa.Column("session_id", sa.String(length=64), nullable=False),
        sa.Column("appointment_id", sa.String(length=64), nullable=False),
        sa.Column("participant", sa.String(length=64), nullable=False),
        sa.Column("seal", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.Column("tries_left", sa.Integer(), nullable=False),
        sa.Column("used", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointments.id"], name=op.f("fk_confirmations_appointment_id")
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["meeting_sessions.id"], name=op.f("fk_confirmations_session_id")
        ),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_confirmations")),
    )
    op.create_index(op.f("ix_confirmations_appointment_id"), "confirmations", ["appointment_id"])
