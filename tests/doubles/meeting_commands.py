"""What every client of a meeting does with a command, whatever carries it: expects a yes or a no."""

from __future__ import annotations

from abc import ABC, abstractmethod

from service_api.meeting import Command, Done, Refused


class Commanding(ABC):
    """Sends commands and gets an answer to each."""

    @abstractmethod
    async def send(self, command: Command) -> Done | Refused:
        """The command's answer."""

    @abstractmethod
    def command_id(self) -> str:
        """A new one."""

    async def done(self, kind: type[Command], **members: object) -> Done:
        """Send a command that works."""
        answer = await self.send(kind.model_validate({"id": self.command_id(), **members}))
        assert isinstance(answer, Done), answer
        return answer

    async def refused(self, kind: type[Command], **members: object) -> Refused:
        """Send a command that doesn't."""
        answer = await self.send(kind.model_validate({"id": self.command_id(), **members}))
        assert isinstance(answer, Refused), answer
        return answer
