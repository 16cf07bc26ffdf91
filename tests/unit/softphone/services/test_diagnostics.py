"""Checks that find, miss and break."""

from __future__ import annotations

from softphone.services.diagnostics import Check, Missing, report


async def test_every_check_is_reported() -> None:
    async def fine() -> str:
        return "here"

    async def missing() -> str:
        raise Missing("not there")

    async def broken() -> str:
        raise ValueError("odd")

    assert await report({"a": fine, "b": missing, "c": broken}) == [
        Check("a", True, "here"),
        Check("b", False, "not there"),
        Check("c", False, "ValueError: odd"),
    ]
