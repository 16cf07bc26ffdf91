"""Accounts, devices, tokens; appointments, who is invited, links, and the places links were opened at.

What opens something (token, link) is kept as SHA-256 of 256 random bits, and passwords as argon2id.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from service.adapters.sqlite.schema import METADATA

ID = String(64)
HASH = String(64)

accounts = Table(
    "accounts",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("number", String(64), nullable=False, unique=True),
    Column("name", String(80), nullable=False),
    Column("role", String(16), nullable=False),
    Column("password", String(256), nullable=False),
    Column("created_at", Double, nullable=False),
)

devices = Table(
    "devices",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("account_id", ID, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("instance_id", String(64), nullable=False),
    Column("name", String(64), nullable=False),
    Column("signed_in_at", Double, nullable=False),
    Column("seen_at", Double, nullable=False),
    UniqueConstraint("account_id", "instance_id"),
)

sip_credentials = Table(
    "sip_credentials",
    METADATA,
    Column("device_id", ID, ForeignKey("devices.id", ondelete="CASCADE"), primary_key=True),
    Column("auth_user", String(128), nullable=False, unique=True),
    Column("realm", String(253), nullable=False),
    Column("algorithm", String(16), nullable=False),
    Column("ha1", HASH, nullable=False),
)

refresh_tokens = Table(
    "refresh_tokens",
    METADATA,
    Column("device_id", ID, ForeignKey("devices.id", ondelete="CASCADE"), primary_key=True),
    Column("current", HASH, nullable=False),
    Column("former", HASH, nullable=False),
)

access_tokens = Table(
    "access_tokens",
    METADATA,
    Column("token", HASH, primary_key=True),
    Column("device_id", ID, ForeignKey("devices.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("expires_at", Double, nullable=False),
)

appointments = Table(
    "appointments",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("host_id", ID, ForeignKey("accounts.id"), nullable=False),
    Column("draft_id", ID, nullable=False),
    Column("title", String(120), nullable=False),
    Column("description", Text, nullable=False),
    Column("starts_at", Double, nullable=False),
    Column("ends_at", Double, nullable=False),
    Column("time_zone", String(64), nullable=False),
    Column("office", String(200), nullable=False),
    Column("expert_number", String(64), nullable=False),
    Column("lobby", Boolean, nullable=False),
    Column("demanded", String(16), nullable=False),
    Column("cancelled", Boolean, nullable=False),
    Column("sequence", Integer, nullable=False),
    UniqueConstraint("host_id", "draft_id"),
    Index(None, "host_id", "starts_at"),
)

participants = Table(
    "participants",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("appointment_id", ID, ForeignKey("appointments.id"), nullable=False, index=True),
    Column("position", Integer, nullable=False),
    Column("name", String(80), nullable=False),
    Column("email", String(256), nullable=False),
    Column("phone", String(64), nullable=False),
    Column("number", String(64), nullable=False, index=True),
    Column("language", String(8), nullable=False),
    Column("opened_at", Double),
    Column("removed", Boolean, nullable=False),
)

links = Table(
    "links",
    METADATA,
    Column("secret", HASH, primary_key=True),
    Column("participant_id", ID, ForeignKey("participants.id"), nullable=False, index=True),
    Column("made_at", Double, nullable=False),
    Column("ended", Boolean, nullable=False),
)

places = Table(
    "places",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("participant_id", ID, ForeignKey("participants.id"), nullable=False, index=True),
    Column("link", HASH, ForeignKey("links.secret"), nullable=False),
    Column("token", HASH, nullable=False, unique=True),
    Column("device", ID, nullable=False, index=True),
    Column("device_name", String(200), nullable=False),
    Column("client", String(16), nullable=False),
    Column("assurance", String(16), nullable=False),
    Column("other_device", Boolean, nullable=False),
    Column("made_at", Double, nullable=False),
    UniqueConstraint("participant_id", "device"),
)
