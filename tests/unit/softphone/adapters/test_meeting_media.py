"""What a meeting's media lets go, and in which order; tests/integration tries the rest with a real engine."""

from __future__ import annotations

import asyncio

import pytest

from devices.cameras.fake import FakeCameras
from media.path import Send
from media.stream import VoiceStream
from softphone.adapters.cameras import CameraDesk, Sink
from softphone.adapters.meeting_media import AiortcMedia
from softphone.domain.errors import MeetingRefused


class Microphone:
    """An ear that knows who has it."""

    def __init__(self) -> None:
        self.users: list[VoiceStream] = []

    def attach(self, stream: VoiceStream, send: Send) -> None:
        """See call_voice.Ear."""
        self.users.append(stream)

    def detach(self, stream: VoiceStream) -> None:
        """See call_voice.Ear."""
        self.users.remove(stream)


class SlowCameras(CameraDesk):
    """A device that takes its time to close."""

    def __init__(self) -> None:
        super().__init__(FakeCameras())
        self.closing, self.closed = asyncio.Event(), asyncio.Event()

    async def detach(self, sink: Sink) -> None:
        """See CameraDesk."""
        self.closing.set()
        await self.closed.wait()
        await super().detach(sink)


async def refuse(_: object) -> object:
    """A service that takes nothing."""
    raise MeetingRefused("engine-down")


async def test_the_microphone_is_let_go_before_a_camera_that_takes_its_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("aioice.ice.get_host_addresses", lambda use_ipv4, use_ipv6: ["127.0.0.1"])
    microphone, cameras = Microphone(), SlowCameras()
    cameras.closed.set()
    media = AiortcMedia(microphone, cameras)
    await media.start(refuse, lambda: None, lambda _: None)
    await media.join()
    assert len(microphone.users) == 1
    cameras.closing.clear()
    cameras.closed.clear()
    leaving = asyncio.create_task(media.leave())
    await cameras.closing.wait()
    assert microphone.users == []
    cameras.closed.set()
    await leaving
    await cameras.close()
