"""The media's commands to the service, as the wire has them."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from service_api.meeting import Command, Done


class MeetingSignal:
    """Each raises MeetingRefused or ServiceUnreachable. The wire types are imported when first needed: they
    take a tenth of a second, and many a day has no meeting."""

    def __init__(self, send: Callable[[Command], object]) -> None:
        self._send = send

    async def publish(self, sdp: str) -> str:
        """The engine's answer to our offer."""
        from service_api.meeting import Publish

        return (await self._sent(Publish(id=_new_id(), sdp=sdp))).sdp

    async def subscribe(self, feed: str, *, video: bool, height: int) -> tuple[str, str]:
        """A subscription's id, and the engine's offer."""
        from service_api.meeting import Subscribe

        done = await self._sent(Subscribe(id=_new_id(), feed=feed, video=video, height=height))
        return done.subscription, done.sdp

    async def answer(self, subscription: str, sdp: str) -> None:
        """Take the engine's offer."""
        from service_api.meeting import Answer

        await self._sent(Answer(id=_new_id(), subscription=subscription, sdp=sdp))

    async def adjust(self, subscription: str, *, video: bool, height: int) -> None:
        """Less or more of a picture."""
        from service_api.meeting import Adjust

        await self._sent(Adjust(id=_new_id(), subscription=subscription, video=video, height=height))

    async def unsubscribe(self, subscription: str) -> None:
        """No more of it."""
        from service_api.meeting import Unsubscribe

        await self._sent(Unsubscribe(id=_new_id(), subscription=subscription))

    async def _sent(self, command: Command) -> Done:
        return await cast("Awaitable[Done]", self._send(command))


def _new_id() -> str:
    return uuid.uuid4().hex
