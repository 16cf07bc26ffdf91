"""A customer's page when network, service or engine go away: everybody comes back by themselves."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.e2e.guest_rig import AINO, HOST, NUMBER, PASSWORD, Meeting, Office, Steps, let_in, moving, office
from tests.lab.browser import Tab, chromium, new_context, new_tab, until
from tests.lab.meeting_host import MeetingHost
from tests.lab.ports import free_port
from tests.lab.relay import Relay
from tests.lab.service import LabService
from tests.lab.wire import Wire

__all__ = ["office"]
pytestmark = pytest.mark.peer

BACK_S = 5.0
AWAY_S = 10.0
REROUTE = """
const set = RTCPeerConnection.prototype.setRemoteDescription;
RTCPeerConnection.prototype.setRemoteDescription = function ({type, sdp}) {
  const rerouted = sdp.replace(/(a=candidate:\\S+ \\d+ udp \\d+ \\S+ )\\d+( typ host)/gi, "$1%d$2");
  return set.call(this, {type, sdp: rerouted});
};
"""


KEEP = """
window.peers = [];
window.RTCPeerConnection = class extends window.RTCPeerConnection {
  constructor(...all) { super(...all); window.peers.push(this); }
};
"""
SOUND = """async (type) => {
  for (const peer of window.peers)
    for (const entry of (await peer.getStats()).values())
      if (entry.type === type && entry.kind === "audio") return entry;
}"""


@dataclass
class FarMeeting:
    """A customer on the far side of a wire that can be cut, for words and for media."""

    host: MeetingHost
    aino: Steps
    tab: Tab
    wire: Wire
    relay: Relay
    link: str

    def cut(self) -> None:
        """No network."""
        self.wire.silent = True
        self.relay.cut = True

    def mend(self) -> float:
        """The network is back; when."""
        self.wire.silent = False
        self.relay.cut = False
        return time.monotonic()


@contextlib.asynccontextmanager
async def far_meeting(folder: Path) -> AsyncIterator[FarMeeting]:
    """The customer's browser reaches the service and its engine through relays alone."""
    port = free_port()
    service = LabService(folder / "far", config=f'public_url = "https://127.0.0.1:{port}"\n')
    service.add_user(NUMBER, PASSWORD, name=HOST)
    await asyncio.to_thread(service.start)
    try:
        account = service.sign_in(NUMBER, PASSWORD)
        made = service.make_appointment(account, [AINO], title="Lending talk")
        async with (
            Wire(service.port, port) as wire,
            Relay() as relay,
            MeetingHost.in_meeting(service, account, made.appointment.id) as host,
            chromium() as browser,
        ):
            done = await host.send_media()
            context = await new_context(browser)
            near = relay.through(done)
            await context.add_init_script(REROUTE % int(near.split(" typ host")[0].rsplit(" ", 1)[1]))
            tab = await new_tab(context)
            tab.expected = ("Failed to load resource", "WebSocket connection")
            yield FarMeeting(host, Steps(tab.page), tab, wire, relay, made.links[0].link)
            tab.check(f"https://127.0.0.1:{port}")
    finally:
        service.stop()


async def test_ten_seconds_without_network(tmp_path: Path) -> None:
    async with far_meeting(tmp_path) as meeting:
        host, aino = meeting.host, meeting.aino
        await aino.to_lobby(meeting.link)
        inside = await let_in(host)
        await aino.picture()
        await aino.press("Microphone On")
        await host.person(AINO, microphone=False)
        meeting.cut()
        await expect(aino.page.get_by_text("coming back by itself", exact=False).first).to_be_visible(
            timeout=AWAY_S * 1000
        )
        await asyncio.sleep(AWAY_S - 8)
        back = meeting.mend()
        await host.person(AINO, BACK_S, state="connected", microphone=False, camera=True)
        await moving(aino.page, BACK_S)
        assert time.monotonic() - back < BACK_S + 1
        await expect(aino.page.locator(".conference > .note.warn")).to_be_hidden()
        assert (await host.person(AINO, state="connected"))["session"] == inside["session"]
        feed = await host.watch(inside["session"])
        await host.more_pictures(feed)


async def test_without_network_on_the_test_page_joining_waits_for_it(tmp_path: Path) -> None:
    async with far_meeting(tmp_path) as meeting:
        await meeting.aino.to_test(meeting.link)
        await expect(meeting.aino.page.locator(".toggle[data-status=on]")).to_have_count(2)
        meeting.cut()
        await meeting.aino.press("Join")
        await asyncio.sleep(1)
        meeting.mend()
        await meeting.aino.sees("You are in the lobby")
        await meeting.host.person(AINO, state="waiting")


async def test_on_a_very_slow_line_joining_takes_longer_and_comes_about(tmp_path: Path) -> None:
    async with far_meeting(tmp_path) as meeting:
        await meeting.aino.page.goto(meeting.link)
        await meeting.aino.press("Open the invitation")
        await expect(meeting.aino.page.get_by_role("button", name="Join the meeting")).to_be_visible()
        meeting.wire.delay_s = 0.55
        await meeting.aino.press("Join the meeting")
        await meeting.aino.press("Join")
        await meeting.aino.sees("You are in the lobby", 25)
        await meeting.host.person(AINO, state="waiting")


async def test_media_alone_that_is_lost_is_asked_for_again(tmp_path: Path) -> None:
    async with far_meeting(tmp_path) as meeting:
        host, aino = meeting.host, meeting.aino
        await aino.to_lobby(meeting.link)
        inside = await let_in(host)
        await aino.picture()
        meeting.relay.cut = True
        await asyncio.sleep(AWAY_S)
        meeting.relay.cut = False
        async with asyncio.timeout(BACK_S + 1):
            await moving(aino.page, BACK_S)
            await host.more_pictures(await host.watch(inside["session"]))


async def test_a_network_that_lets_no_media_through_is_told_to_the_guest(tmp_path: Path) -> None:
    async with far_meeting(tmp_path) as meeting:
        sentence = meeting.aino.page.get_by_role("status").filter(has_text="not get through on this network")
        await meeting.aino.to_lobby(meeting.link)
        meeting.relay.cut = True
        await let_in(meeting.host)
        await expect(sentence).to_be_visible(timeout=20_000)
        meeting.relay.cut = False
        await meeting.aino.picture()
        await expect(sentence).to_be_hidden()


async def test_a_browser_without_media_connections_is_told_what_else_helps(office: Office) -> None:
    async with office.meeting() as meeting:
        await meeting.context.add_init_script("delete window.RTCPeerConnection;")
        await meeting.host.send_media()
        await meeting.aino.to_lobby(meeting.link)
        await let_in(meeting.host)
        sentence = meeting.aino.page.get_by_role("status").filter(has_text="lets neither sound nor picture")
        await expect(sentence).to_contain_text("Or call 010 123 4567.")
        assert meeting.tab.faults == []


async def test_sound_that_was_lost_on_the_way_is_sent_again(tmp_path: Path) -> None:
    async with far_meeting(tmp_path) as meeting:
        await meeting.aino.page.context.add_init_script(KEEP)
        await meeting.aino.to_lobby(meeting.link)
        await let_in(meeting.host)
        await meeting.aino.picture()
        meeting.relay.loss = 0.1
        await asyncio.sleep(5.0)
        sent, heard = [
            await meeting.aino.page.evaluate(SOUND, kind) for kind in ("outbound-rtp", "inbound-rtp")
        ]
        assert sent["packetsSent"] > 200
        assert sent["retransmittedPacketsSent"] > 0.05 * sent["packetsSent"]
        assert heard["packetsReceived"] > 200
        assert heard["packetsLost"] < 0.02 * heard["packetsReceived"]


async def test_the_service_started_anew_lets_nobody_wait_again(office: Office) -> None:
    async with office.meeting() as meeting:
        meeting.tab.expected = ("Failed to load resource", "WebSocket connection")
        await meeting.begin()
        aino = meeting.aino
        await aino.press("Camera On")
        await meeting.host.person(AINO, camera=False)
        await asyncio.to_thread(office.service.kill)
        await expect(aino.page.get_by_text("coming back by itself", exact=False).first).to_be_visible()
        await asyncio.sleep(2)
        await asyncio.to_thread(office.service.start)
        back = time.monotonic()
        async with MeetingHost.in_meeting(office.service, office.account, _meeting_of(meeting)) as host:
            await host.person(AINO, BACK_S, state="connected", camera=False, microphone=True)
            assert time.monotonic() - back < BACK_S
            await host.send_media()
            await aino.picture()


async def test_an_engine_that_dies_gives_pictures_again(office: Office) -> None:
    async with office.meeting() as meeting:
        await meeting.begin()
        before = len([one for one in meeting.host.events if one["type"] == "ticket"])
        await asyncio.to_thread(kill_engine, office.service.pid)
        await meeting.host.until(
            lambda: len([one for one in meeting.host.events if one["type"] == "ticket"]) > before
        )
        await meeting.host.media.close()
        await meeting.host.send_media()
        await until(meeting.aino.page, "document.querySelector('.stage video')?.srcObject?.active ?? false")
        await moving(meeting.aino.page, BACK_S)
        assert meeting.tab.faults == []


def _meeting_of(meeting: Meeting) -> str:
    """The appointment of its socket's address."""
    url = next(one for one in meeting.tab.requests if one.startswith("wss:"))
    return url.split("/")[-2]


def kill_engine(service: int) -> None:
    """The service's own children, as a crash does."""
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
            if parent == service and b"media_engine" in (folder / "cmdline").read_bytes():
                os.kill(int(folder.name), signal.SIGKILL)
