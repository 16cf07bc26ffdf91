"""Meetings: who has which place in them, what was said, confirmation codes.

Resume tokens are kept as SHA-256 of 256 random bits, codes as keyed HMAC.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Double, ForeignKey, Integer, String, Table, Text, UniqueConstraint

from service.adapters.sqlite.schema import METADATA
from service.adapters.sqlite.tables import HASH, ID

meetings = Table(
    "meetings",
    METADATA,
    Column("appointment_id", ID, ForeignKey("appointments.id"), primary_key=True),
    Column("started_at", Double),
    Column("ended_at", Double),
)

meeting_sessions = Table(
    "meeting_sessions",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("appointment_id", ID, ForeignKey("appointments.id"), nullable=False),
    Column("key", String(128), nullable=False),
    Column("participant", ID, nullable=False),
    Column("name", String(80), nullable=False),
    Column("seat", String(16), nullable=False),
    Column("assurance", String(16), nullable=False),
    Column("made_at", Double, nullable=False),
    Column("state", String(24), nullable=False, index=True),
    Column("client", String(16), nullable=False),
    Column("other_device", Boolean, nullable=False),
    Column("code_confirmed", Boolean, nullable=False),
    Column("camera", Boolean, nullable=False),
    Column("microphone", Boolean, nullable=False),
    Column("equipment", Text, nullable=False),
    Column("reason", String(200), nullable=False),
    Column("waiting_since", Double),
    Column("away_since", Double),
    Column("resume_hash", HASH, nullable=False),
    Column("former_resume_hash", HASH, nullable=False),
    UniqueConstraint("appointment_id", "key"),
)

meeting_lines = Table(
    "meeting_lines",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("appointment_id", ID, ForeignKey("appointments.id"), nullable=False),
    Column("session_id", ID, ForeignKey("meeting_sessions.id"), nullable=False),
    Column("name", String(80), nullable=False),
    Column("text", Text, nullable=False),
    Column("said_at", Double, nullable=False),
    Column("command", ID, nullable=False),
    Column("lobby", Boolean, nullable=False),
    Column("told_to", ID, nullable=False),
    Column("audience", Text, nullable=False),
    UniqueConstraint("appointment_id", "number"),
    UniqueConstraint("session_id", "command"),
)

confirmations = Table(
    "confirmations",
    METADATA,
    Column("session_id", ID, ForeignKey("meeting_sessions.id"), primary_key=True),
    Column("appointment_id", ID, ForeignKey("appointments.id"), nullable=False, index=True),
    Column("participant", ID, nullable=False),
    Column("seal", HASH, nullable=False),
    Column("expires_at", Double, nullable=False),
    Column("tries_left", Integer, nullable=False),
    Column("used", Boolean, nullable=False),
)
