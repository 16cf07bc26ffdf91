"""Ids for what this program makes itself."""

from __future__ import annotations

import secrets


def new_id() -> str:
    """An id no other contact or call has."""
    return secrets.token_hex(8)
