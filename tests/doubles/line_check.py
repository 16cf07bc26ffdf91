"""A line whose every piece is as a test wants it."""

from __future__ import annotations

import asyncio

from softphone.domain.preshift import CheckFailed, Finding, NotChecked, Step
from softphone.domain.sound_test import Permission


class FakeLineCheck:
    """Implements ports.LineCheck. `found` holds what a step finds or raises; others are fine. They wait while
    `patience` is cleared. `numbers` are those called for their echo, "" for none."""

    def __init__(self) -> None:
        self.found: dict[Step, Finding | CheckFailed | NotChecked] = {}
        self.numbers: list[str] = []
        self.permission = Permission("granted")
        self.patience = asyncio.Event()
        self.patience.set()

    async def _answer(self, step: Step, **facts: str) -> Finding:
        await self.patience.wait()
        found = self.found.get(step, Finding("", tuple(facts.items())))
        if isinstance(found, Finding):
            return found
        raise found

    async def look_up(self) -> Finding:
        """See ports.LineCheck."""
        return await self._answer(Step.NAME_LOOKUP, server="vip.example.com", addresses="192.0.2.10")

    async def certificate(self) -> Finding:
        """See ports.LineCheck."""
        return await self._answer(Step.CERTIFICATE, valid_until="2027-05-31", days="200")

    async def confirm(self) -> Finding:
        """See ports.LineCheck."""
        return await self._answer(Step.SIGN_IN, transport="tls")

    async def addresses(self) -> Finding:
        """See ports.LineCheck."""
        return await self._answer(Step.NAT, local="192.168.1.20", seen="192.168.1.20")

    async def loopback(self, number: str) -> Finding:
        """See ports.LineCheck."""
        self.numbers.append(number)
        return await self._answer(Step.RTP, codec="opus", delay_ms="120")

    async def microphone_permission(self) -> Permission:
        """What the system says."""
        return self.permission
