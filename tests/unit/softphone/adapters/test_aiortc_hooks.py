"""The private side of aiortc: fails here, clearly, when another version has changed it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from importlib.metadata import version
from typing import Any

import pytest
from aiortc import MediaStreamTrack, RTCPeerConnection, RTCSessionDescription
from aiortc.rtp import RtpPacket

from media.video.vp8 import packets
from sip_bridge.rtp.receiver import Reception
from softphone.adapters import aiortc_hooks as hooks

PATIENCE_S = 5.0


class Numbers(MediaStreamTrack):
    """Gives what is encoded already: numbers."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self.next = 0

    async def recv(self) -> Any:
        """The next one, fifty a second."""
        await asyncio.sleep(0.02)
        self.next += 1
        return self.next

    def pack(self, data: int) -> tuple[list[bytes], int]:
        """Sound in one packet, a picture in two."""
        payload = b"frame %d" % data
        pieces = [payload] if self.kind == "audio" else packets(payload + bytes(1200), data)
        return pieces, data * 960


class Told:
    """Notes what the far end says."""

    def __init__(self) -> None:
        self.keys = 0
        self.losses: list[float] = []
        self.estimates: list[int] = []

    def key_wanted(self) -> None:
        self.keys += 1

    def estimate(self, bitrate: int) -> None:
        self.estimates.append(bitrate)

    def report(self, lost: float) -> None:
        self.losses.append(lost)


class Pair:
    """One end sends through the hooks, the other receives through them."""

    def __init__(self) -> None:
        self.sender, self.receiver = hooks.new_connection(), hooks.new_connection()
        self.told = {kind: Told() for kind in ("audio", "video")}
        self.received: dict[str, list[RtpPacket]] = {"audio": [], "video": []}
        self.receivers: dict[str, hooks.PacketReceiver] = {}

    async def offer(self) -> RTCSessionDescription:
        """Sound and picture."""
        for kind in ("audio", "video"):
            track = Numbers(kind)
            transceiver = self.sender.addTransceiver(track, direction="sendonly")
            hooks.send_encoded(transceiver.sender, track)
            hooks.listen_to(transceiver.sender, self.told[kind])
        await self.sender.setLocalDescription(await self.sender.createOffer())
        return self.sender.localDescription

    async def answer(self, offer: RTCSessionDescription) -> RTCSessionDescription:
        """Take them."""
        await self.receiver.setRemoteDescription(offer)
        for transceiver in self.receiver.getTransceivers():
            receiver = hooks.take_over(transceiver)
            receiver.on_packet = self.received[transceiver.kind].append
            self.receivers[transceiver.kind] = receiver
        await self.receiver.setLocalDescription(await self.receiver.createAnswer())
        return self.receiver.localDescription

    async def close(self) -> None:
        """Both ends."""
        await asyncio.gather(self.sender.close(), self.receiver.close())


@pytest.fixture
async def pair(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Pair]:
    monkeypatch.setattr("aioice.ice.get_host_addresses", lambda use_ipv4, use_ipv6: ["127.0.0.1"])
    pair = Pair()
    yield pair
    await pair.close()


async def until(pair: Pair, count: int) -> None:
    """So many packets of both kinds have come."""
    async with asyncio.timeout(PATIENCE_S):
        while min(map(len, pair.received.values())) < count:
            await asyncio.sleep(0.01)


def test_this_is_the_version_the_hooks_were_written_for() -> None:
    assert version("aiortc") == "1.16.0", (
        "read aiortc's changes against softphone.adapters.aiortc_hooks first"
    )


async def test_the_private_names_are_there() -> None:
    connection = hooks.new_connection()
    connection.addTransceiver("audio", direction="recvonly")
    hooks.check(connection)
    await connection.close()


async def test_a_missing_name_is_told_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = hooks.new_connection()
    connection.addTransceiver("video", direction="recvonly")
    monkeypatch.setattr(hooks, "_RECEIVER", "_elsewhere")
    with pytest.raises(hooks.HookError, match="_elsewhere"):
        hooks.check(connection)
    monkeypatch.setattr(hooks, "_NAMES", ((RTCPeerConnection, ("createOffer", "no_such_thing")),))
    with pytest.raises(hooks.HookError, match="no_such_thing"):
        hooks.check(connection)
    await connection.close()


@pytest.mark.parametrize("rounds", range(1, 9))
async def test_who_gives_up_while_addresses_are_gathered_leaves_no_socket_open(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, rounds: int
) -> None:
    monkeypatch.setattr("aioice.ice.get_host_addresses", lambda use_ipv4, use_ipv6: ["127.0.0.1"] * 3)
    transports = list[asyncio.BaseTransport]()
    loop = asyncio.get_running_loop()
    create = loop.create_datagram_endpoint

    async def noted(*arguments: Any, **settings: Any) -> Any:
        transport, protocol = await create(*arguments, **settings)
        transports.append(transport)
        return transport, protocol

    monkeypatch.setattr(loop, "create_datagram_endpoint", noted)
    pair.sender.addTransceiver("audio", direction="sendonly")
    opening = asyncio.create_task(hooks.describe(pair.sender, await pair.sender.createOffer()))
    for _ in range(rounds):
        await asyncio.sleep(0)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    await pair.sender.close()
    assert [transport.is_closing() for transport in transports] == [True] * 3


async def test_what_is_encoded_already_goes_through_untouched_and_at_once(pair: Pair) -> None:
    await pair.sender.setRemoteDescription(await pair.answer(await pair.offer()))
    await until(pair, 6)
    sound, picture = pair.received["audio"], pair.received["video"]
    assert [packet.payload for packet in sound[:3]] == [b"frame 1", b"frame 2", b"frame 3"]
    assert [packet.marker for packet in picture[:6]] == [0, 1] * 3
    assert picture[0].payload[4:11] == b"frame 1"
    assert picture[2].timestamp - picture[0].timestamp == 960
    kinds = {kind: pair.receivers[kind].payload_types for kind in pair.receivers}
    assert kinds["audio"][sound[0].payload_type] == "opus"
    assert kinds["video"][picture[0].payload_type] == "vp8"
    assert "rtx" in kinds["video"].values()


async def test_reports_and_requests_reach_the_sender(pair: Pair) -> None:
    await pair.sender.setRemoteDescription(await pair.answer(await pair.offer()))
    await until(pair, 4)
    source = pair.received["video"][0].ssrc
    receiver = pair.receivers["video"]
    await receiver.ask_key(source)
    await receiver.report(Reception(source, 5, 64, 3, 7), 0, 0)
    lost = pair.received["video"][1].sequence_number
    before = len(pair.received["video"])
    await receiver.ask_again(source, [lost])
    async with asyncio.timeout(PATIENCE_S):
        while not (pair.told["video"].losses and pair.told["video"].keys):
            await asyncio.sleep(0.01)
    assert pair.told["video"].losses == [0.25]
    assert pair.told["video"].keys == 1
    assert pair.told["audio"].losses == []
    await until(pair, before + 4)
    rtx = next(number for number, name in receiver.payload_types.items() if name == "rtx")
    again = [packet for packet in pair.received["video"][before:] if packet.payload_type == rtx]
    assert int.from_bytes(again[0].payload[:2], "big") == lost


async def test_the_senders_clock_is_told(pair: Pair) -> None:
    heard: list[tuple[int, int]] = []
    await pair.sender.setRemoteDescription(await pair.answer(await pair.offer()))
    await until(pair, 1)
    pair.receivers["audio"].on_sender_report = lambda source, middle: heard.append((source, middle))
    async with asyncio.timeout(PATIENCE_S):
        while not heard:
            await asyncio.sleep(0.02)
    assert heard[0][0] == pair.received["audio"][0].ssrc and heard[0][1]


async def test_a_held_connection_sends_no_check_before_it_is_released(pair: Pair) -> None:
    offer = await pair.offer()
    await pair.receiver.setRemoteDescription(offer)
    for transceiver in pair.receiver.getTransceivers():
        hooks.take_over(transceiver)
    release = hooks.hold(pair.receiver)
    await pair.receiver.setLocalDescription(await pair.receiver.createAnswer())
    await asyncio.sleep(0.1)
    assert pair.receiver.iceConnectionState == "new"
    await pair.sender.setRemoteDescription(pair.receiver.localDescription)
    release()
    async with asyncio.timeout(PATIENCE_S):
        while "connected" not in (pair.receiver.connectionState, pair.sender.connectionState):
            await asyncio.sleep(0.01)


async def test_closing_leaves_no_thread_and_no_task_behind(pair: Pair) -> None:
    import threading

    threads = set(threading.enumerate())
    await pair.sender.setRemoteDescription(await pair.answer(await pair.offer()))
    await until(pair, 2)
    assert set(threading.enumerate()) == threads, "aiortc's decoder threads do not run"
    await pair.close()
    await asyncio.sleep(0.05)
    count = {kind: len(packets) for kind, packets in pair.received.items()}
    await asyncio.sleep(0.1)
    assert count == {kind: len(packets) for kind, packets in pair.received.items()}
