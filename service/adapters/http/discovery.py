"""What a program that knows only the server's name is told."""

from __future__ import annotations

from fastapi import APIRouter

WELL_KNOWN = "/.well-known/softphone"


def router(document: dict[str, str]) -> APIRouter:
    """The document at the root. Members that are empty are left out."""
    routes = APIRouter(tags=["discovery"])
    told = {name: value for name, value in document.items() if value}

    @routes.get(WELL_KNOWN)
    async def well_known() -> dict[str, str]:
        return told

    return routes
