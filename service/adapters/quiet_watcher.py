"""Nobody runs meetings yet."""

from __future__ import annotations

from service.domain.principal import Guest


class QuietWatcher:
    """Implements ports.Watcher for a service without meetings."""

    def waiting(self, appointment_id: str) -> int:
        """See Watcher."""
        return 0

    async def appointment_changed(self, appointment_id: str) -> None:
        """See Watcher."""

    async def place_opened(self, guest: Guest) -> None:
        """See Watcher."""

    async def device_gone(self, device_id: str) -> None:
        """See Watcher."""
