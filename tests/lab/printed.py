"""Messages that RFCs print, as data."""

from __future__ import annotations

from pathlib import Path

DATA = Path(__file__).resolve().parents[1] / "data"


def message(rfc: str, name: str) -> bytes:
    """The bytes of one message, `rfc` as "rfc4475"."""
    return (DATA / rfc / f"{name}.dat").read_bytes()
