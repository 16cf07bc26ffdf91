"""Whether the system lets this program hear, asked beside the loop: it may take some milliseconds."""

from __future__ import annotations

import asyncio

from devices.permission import microphone_permission, settings_place
from softphone.domain.sound_test import Permission


async def system_permission() -> Permission:
    """The system's word, and the place where a person changes it."""
    return Permission(await asyncio.to_thread(microphone_permission), settings_place())
