"""A meeting's host as a program: its WebSocket, and a moving picture and a tone through aiortc."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import ssl
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import numpy as np
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from av import VideoFrame
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from devices.cameras.timecode import draw
from media.video.timecode import read_frame
from service_api.meeting import SUBPROTOCOL
from tests.lab.engine_clients import AiortcClient, Camera, Microphone, Received
from tests.lab.service import LabService, SignedIn

Json = dict[str, Any]


class HostRefused(Exception):
    """The service refused a command; the text is its code."""


class MeetingHost:
    """Use `in_meeting`. `people` and `feeds` are what the host sees, by session and by feed."""

    def __init__(self, connection: ClientConnection) -> None:
        self.people: dict[str, Json] = {}
        self.feeds: dict[str, Json] = {}
        self.events: list[Json] = []
        self.media = AiortcClient()
        self.through: Callable[[str], str] = lambda sdp: sdp
        """Put something between this client and the engine."""
        self._ids = itertools.count(1)
        self._connection = connection
        self._answers: dict[str, asyncio.Future[Json]] = {}
        self._changed = asyncio.Condition()
        self._ticket = ""

    @classmethod
    @contextlib.asynccontextmanager
    async def in_meeting(
        cls, service: LabService, account: SignedIn, appointment: str
    ) -> AsyncIterator[MeetingHost]:
        """Inside, without media yet."""
        url = f"{service.api}/meetings/{appointment}/socket".replace("https", "wss", 1)
        trust = ssl.create_default_context(cafile=service.ca_file)
        async with connect(
            url,
            ssl=trust,
            subprotocols=[Subprotocol(SUBPROTOCOL)],
            additional_headers=account.headers,
            proxy=None,
        ) as connection:
            host = cls(connection)
            reading = asyncio.create_task(host._read())
            try:
                await host._hello()
                if host.state == "prejoin":
                    await host.send("knock", camera=True, microphone=True)
                yield host
            finally:
                await host.media.close()
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)

    @property
    def state(self) -> str:
        """The host's own, as it was when they came."""
        return str(self.events[0]["picture"]["you"]["state"])

    async def _hello(self) -> None:
        await self._connection.send(json.dumps({"type": "hello", "id": "hello", "client": "program"}))
        await self.until(lambda: self.events)

    async def send(self, kind: str, **members: Any) -> Json:
        """A command and its answer. Raises HostRefused."""
        name = f"host-{next(self._ids)}"
        answer = self._answers[name] = asyncio.get_running_loop().create_future()
        await self._connection.send(json.dumps({"type": kind, "id": name, **members}))
        async with asyncio.timeout(10):
            said: Json = await answer
        if said["type"] == "refused":
            raise HostRefused(said["code"])
        return said

    async def until(self, condition: Callable[[], Any], within_s: float = 15.0) -> Any:
        """What the condition answers, once it is something."""
        async with asyncio.timeout(within_s), self._changed:
            await self._changed.wait_for(condition)
        return condition()

    async def person(self, name: str, within_s: float = 15.0, **members: Any) -> Json:
        """Somebody of that name who is in that state, and so on."""

        def found() -> Json | None:
            fits = (
                one
                for one in self.people.values()
                if one["name"] == name and all(one[key] == value for key, value in members.items())
            )
            return next(fits, None)

        try:
            person: Json = await self.until(found, within_s)
        except TimeoutError:
            raise AssertionError(f"no {name} with {members}: {list(self.people.values())}") from None
        return person

    async def send_media(self) -> str:
        """Picture and tone on; the engine's answer to the offer."""
        ticket = await self.until(lambda: self._ticket)
        self._ticket = ""
        await self.send("redeem", ticket=ticket)
        done = await self.send("publish", sdp=await self.media.offer())
        await self.media.accept(done["sdp"])
        await self.send("media-state", camera=True, microphone=True)
        return str(done["sdp"])

    async def watch(self, session: str, height: int = 720) -> str:
        """Receive somebody's feed; its name in `media.stats`."""
        feed: Json = await self.until(
            lambda: next((one for one in self.feeds.values() if one["session"] == session), None)
        )
        done = await self.send("subscribe", feed=feed["id"], video=True, height=height)
        sdp = await self.media.take(feed["id"], done["sdp"])
        await self.send("answer", subscription=done["subscription"], sdp=sdp)
        return str(feed["id"])

    async def shut_out(self, within_s: float = 15.0) -> None:
        """The service ends the connection."""
        async with asyncio.timeout(within_s):
            await self._connection.wait_closed()

    async def more_pictures(self, feed: str, count: int = 10, within_s: float = 10.0) -> None:
        """That many more come from somebody."""
        wanted = (await self.media.stats(feed))["pictures"] + count
        async with asyncio.timeout(within_s):
            while (await self.media.stats(feed))["pictures"] < wanted:
                await asyncio.sleep(0.05)

    async def _read(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for text in self._connection:
                said = json.loads(text)
                if said["type"] in ("done", "refused"):
                    self._answers.pop(said["id"]).set_result(said)
                    continue
                async with self._changed:
                    self._event(said)
                    self._changed.notify_all()

    def _event(self, event: Json) -> None:
        self.events.append(event)
        if event["type"] in ("welcome", "snapshot"):
            self.people = {one["session"]: one for one in event["picture"]["people"]}
            self.feeds = {one["id"]: one for one in event["picture"]["feeds"]}
        elif event["type"] == "person-changed":
            self.people[event["person"]["session"]] = event["person"]
        elif event["type"] == "person-gone":
            self.people.pop(event["session"], None)
        elif event["type"] == "feed-added":
            self.feeds[event["feed"]["id"]] = event["feed"]
        elif event["type"] == "feed-removed":
            self.feeds.pop(event["feed"], None)
        elif event["type"] == "ticket":
            self._ticket = event["ticket"]


class TimedCamera(Camera):
    """A moving picture with the time in it."""

    async def recv(self) -> VideoFrame:
        """The next one, when it is due."""
        frame = await super().recv()
        picture = frame.to_ndarray(format="bgr24").astype(np.uint8, copy=False)
        for colour in range(3):
            draw(picture[:, :, colour], milliseconds())
        timed = VideoFrame.from_ndarray(picture, "bgr24")
        timed.pts, timed.time_base = frame.pts, frame.time_base
        return timed


class TimedReceived(Received):
    """Reads the time from what it sees; `counts["delays"]` in ms."""

    def _picture(self, frame: VideoFrame) -> None:
        super()._picture(frame)
        told = read_frame(frame)
        if told is not None:
            self.counts.setdefault("delays", []).append((milliseconds() - told) & 0xFFFFFFFF)


class TimedClient(AiortcClient):
    """A media client whose picture holds the time, and that reads it from others'."""

    async def offer(self, width: int = 640, height: int = 360) -> str:
        """Camera and microphone on; the sender's offer."""
        peer = self._sender = _peer()
        peer.addTransceiver(Microphone(), direction="sendonly")
        peer.addTransceiver(TimedCamera(width, height), direction="sendonly")
        await peer.setLocalDescription(await peer.createOffer())
        return str(peer.localDescription.sdp)

    async def take(self, name: str, sdp: str) -> str:
        """The answer to the engine's offer of a feed."""
        peer = _peer()
        self._received[name] = TimedReceived(peer)
        await peer.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
        await peer.setLocalDescription(await peer.createAnswer())
        return str(peer.localDescription.sdp)


def milliseconds() -> int:
    """Now, as the time code has it."""
    return time.time_ns() // 1_000_000 & 0xFFFFFFFF


def _peer() -> RTCPeerConnection:
    return RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
