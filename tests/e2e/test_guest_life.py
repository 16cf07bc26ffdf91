"""The guest page's life: what goes wrong before it speaks, meetings that move, devices that come back."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Page, WebSocketRoute, expect

from tests.doubles.guest_service import GuestService, appointment, in_minutes
from tests.e2e.test_guest_devices import REFUSE, to_test
from tests.lab.browser import chromium, new_context, new_tab
from tests.lab.certificates import Authority

pytestmark = pytest.mark.peer
WORDS = "**/words/*.json"
REFUSED_STORAGE = """
Object.defineProperty(window, "sessionStorage", {
  get() { throw new DOMException("refused", "SecurityError"); }});
"""
KEEP_TRACKS = """
const asked = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
window.taken = [];
navigator.mediaDevices.getUserMedia = async (wanted) => {
  const stream = await asked(wanted);
  window.taken.push(...stream.getTracks());
  return stream;
};
window.pull = (kind) => {
  const track = window.taken.findLast((one) => one.kind === kind && one.readyState === "live");
  track.stop();
  track.dispatchEvent(new Event("ended"));
};
"""


@pytest_asyncio.fixture
async def service(authority: Authority) -> AsyncIterator[GuestService]:
    async with GuestService().running(authority.issue("127.0.0.1")) as running:
        yield running


async def test_words_that_did_not_come_at_once_are_fetched_again(service: GuestService) -> None:
    async with chromium() as browser:
        tab = await new_tab(await new_context(browser))
        tab.expected = ("Failed to load resource",)
        await tab.page.route(WORDS, lambda route: route.abort(), times=2)
        await tab.page.goto(service.link)
        await expect(tab.page.get_by_role("button", name="Open the invitation")).to_be_visible()
        tab.check(service.address)


async def test_words_of_the_invitation_that_never_come_leave_those_there_are(service: GuestService) -> None:
    service.invitation["language"] = "sv"
    async with chromium() as browser:
        tab = await new_tab(await new_context(browser, language="de-DE"))
        tab.expected = ("Failed to load resource",)
        await tab.page.goto(service.link)
        await tab.page.route(WORDS, lambda route: route.abort())
        await tab.page.get_by_role("button", name="Avaa kutsu").click()
        await expect(tab.page.get_by_role("button", name="Liity neuvotteluun")).to_be_visible()
        tab.check(service.address)


async def test_without_any_words_one_sentence_is_there_all_the_same(service: GuestService) -> None:
    async with chromium() as browser:
        tab = await new_tab(await new_context(browser))
        await tab.page.route(WORDS, lambda route: route.abort())
        await tab.page.goto(service.link)
        await expect(tab.page.get_by_text("The page could not be opened.", exact=False)).to_be_visible()
        await expect(tab.page.get_by_text("Sivua ei voitu avata.", exact=False)).to_be_visible()


async def test_a_browser_that_keeps_nothing_is_told_what_to_allow(service: GuestService) -> None:
    async with chromium() as browser:
        context = await new_context(browser)
        await context.add_init_script(REFUSED_STORAGE)
        tab = await new_tab(context)
        await tab.page.goto(service.link)
        await expect(tab.page.get_by_text("allow cookies", exact=False)).to_be_visible()


async def test_a_time_zone_the_browser_does_not_know_is_told_in_its_own(service: GuestService) -> None:
    service.invitation["appointment"]["time_zone"] = "localtime"
    async with chromium() as browser:
        tab = await new_tab(await new_context(browser))
        await tab.page.goto(service.link)
        await tab.page.get_by_role("button", name="Open the invitation").click()
        await expect(tab.page.get_by_role("button", name="Join the meeting")).to_be_enabled()
        tab.check(service.address)


async def test_an_error_nobody_foresaw_ends_in_a_sentence(service: GuestService) -> None:
    service.invitation["appointment"]["start"] = "no time at all"
    async with chromium() as browser:
        tab = await new_tab(await new_context(browser))
        await tab.page.goto(service.link)
        await tab.page.get_by_role("button", name="Open the invitation").click()
        await expect(tab.page.get_by_role("heading", name="Something went wrong")).to_be_visible()


async def test_a_microphone_that_is_back_is_no_longer_said_to_be_away(service: GuestService) -> None:
    async with chromium() as browser:
        context = await new_context(browser)
        await context.add_init_script(REFUSE % "{}" + KEEP_TRACKS)
        tab = await new_tab(context)
        page = tab.page
        await to_test(page, service)
        await expect(page.get_by_role("button", name="Microphone On")).to_be_visible()
        await page.evaluate("window.answers = {audio: ['NotFoundError']}; window.pull('audio')")
        notice = page.locator(".note").filter(has_text="nobody hears you")
        await expect(notice).to_be_visible()
        await page.evaluate(
            "window.answers = {}; navigator.mediaDevices.dispatchEvent(new Event('devicechange'))"
        )
        await expect(page.get_by_role("button", name="Microphone On")).to_be_visible()
        await expect(notice).to_be_hidden()
        tab.check(service.address)


async def test_who_chooses_a_device_is_told_no_more_that_another_one_took_its_place(
    service: GuestService,
) -> None:
    async with chromium("--use-fake-device-for-media-stream=device-count=2") as browser:
        context = await new_context(browser)
        await context.add_init_script(REFUSE % "{}" + KEEP_TRACKS)
        tab = await new_tab(context)
        page = tab.page
        await to_test(page, service)
        await expect(page.get_by_role("button", name="Camera On")).to_be_visible()
        await page.evaluate("window.pull('video')")
        notice = page.locator(".note").filter(has_text="The camera went away")
        await expect(notice).to_be_visible()
        await page.get_by_label("Camera", exact=True).select_option(label="fake_device_1")
        await expect(notice).to_be_hidden()
        tab.check(service.address)


LATER = {"start": in_minutes(180), "end": in_minutes(240), "closes_at": in_minutes(300)}
LOOK_AGAIN = "document.dispatchEvent(new Event('visibilitychange'))"


async def opened(page: Page, service: GuestService) -> None:
    """From the link to the invitation."""
    await page.goto(service.link)
    await page.get_by_role("button", name="Open the invitation").click()
    await expect(page.get_by_role("button", name="Join the meeting")).to_be_visible()


async def test_a_meeting_that_was_moved_nearer_can_be_joined_from_the_page_left_open(
    service: GuestService,
) -> None:
    service.invitation["appointment"] = appointment(opens_at=in_minutes(200), **LATER)
    async with chromium() as browser:
        tab = await new_tab(await new_context(browser))
        page = tab.page
        await opened(page, service)
        await expect(page.get_by_role("button", name="Join the meeting")).to_be_disabled()
        service.invitation["appointment"] = appointment(title="Earlier talk")
        await page.evaluate(LOOK_AGAIN)
        await expect(page.get_by_role("heading", name="Earlier talk")).to_be_focused()
        await expect(page.get_by_role("alert").filter(has_text="was changed")).to_be_visible()
        await page.get_by_role("button", name="Join the meeting").click()
        await expect(page.get_by_role("heading", name="Test the equipment")).to_be_visible()
        tab.check(service.address)


async def test_who_tests_early_is_led_to_the_new_time_and_let_go_by_camera_and_microphone(
    service: GuestService,
) -> None:
    service.invitation["appointment"] = appointment(opens_at=in_minutes(60), **LATER)
    async with chromium() as browser:
        tab = await new_tab(await new_context(browser))
        page = tab.page
        await opened(page, service)
        await page.get_by_role("button", name="Test the equipment").click()
        await expect(page.locator(".toggle[data-status=on]")).to_have_count(2)
        service.invitation["appointment"] = appointment(opens_at=in_minutes(90), **LATER)
        await page.evaluate("dispatchEvent(new Event('online'))")
        await expect(page.get_by_role("alert").filter(has_text="was changed")).to_be_visible()
        await expect(page.locator("video")).to_have_count(0)
        tab.check(service.address)


async def test_an_invitation_that_is_what_it_was_is_left_alone(service: GuestService) -> None:
    async with chromium() as browser:
        tab = await new_tab(await new_context(browser))
        page = tab.page
        await opened(page, service)
        await page.get_by_role("button", name="Join the meeting").focus()
        service.invitation["appointment"] = {**service.invitation["appointment"], "waiting": 2}
        async with page.expect_response("**/api/v1/invitation"):
            await page.evaluate(LOOK_AGAIN)
        await page.wait_for_timeout(100)
        await expect(page.get_by_role("button", name="Join the meeting")).to_be_focused()
        await expect(page.get_by_role("alert")).to_be_hidden()
        tab.check(service.address)


async def test_a_meeting_cancelled_meanwhile_is_said_to_be(service: GuestService) -> None:
    async with chromium() as browser:
        tab = await new_tab(await new_context(browser))
        await tab.page.clock.install()
        await opened(tab.page, service)
        service.invitation["appointment"] = {**service.invitation["appointment"], "cancelled": True}
        await tab.page.clock.fast_forward(61_000)
        await expect(tab.page.get_by_role("heading", name="This meeting was cancelled")).to_be_focused()
        tab.check(service.address)


async def test_who_opens_the_page_anew_in_a_meeting_that_lasts_longer_is_inside_again(
    service: GuestService,
) -> None:
    async with chromium() as browser:
        context = await new_context(browser)
        await opened((await new_tab(context)).page, service)
        service.invitation["appointment"] = appointment(end=in_minutes(-70), closes_at=in_minutes(-10))
        service.state = "connected"
        tab = await new_tab(context)
        await tab.page.goto(f"{service.address}/m")
        await expect(tab.page.get_by_role("heading", name="Lending talk")).to_be_visible()
        await expect(tab.page.get_by_role("button", name="Leave")).to_be_visible()
        await expect(tab.page.locator(".toggle[data-status=on]")).to_have_count(2)
        tab.check(service.address)


async def test_a_meeting_that_is_over_takes_nobody_by_the_camera(service: GuestService) -> None:
    def over(socket: WebSocketRoute) -> None:
        refused = {"type": "refused", "code": "meeting-over"}
        socket.on_message(lambda text: socket.send(json.dumps({**refused, "id": json.loads(text)["id"]})))

    async with chromium() as browser:
        context = await new_context(browser)
        await opened((await new_tab(context)).page, service)
        service.invitation["appointment"] = appointment(end=in_minutes(-70), closes_at=in_minutes(-10))
        await context.add_init_script(REFUSE % "{}" + KEEP_TRACKS)
        tab = await new_tab(context)
        await tab.page.route_web_socket("**/socket", over)
        await tab.page.goto(f"{service.address}/m")
        await expect(tab.page.get_by_role("heading", name="This meeting is over")).to_be_visible()
        assert await tab.page.evaluate("window.taken.length") == 0
        tab.check(service.address)
