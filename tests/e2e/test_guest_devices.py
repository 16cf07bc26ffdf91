"""What the guest page does without a camera, without permission, and when a device goes or comes."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.doubles.guest_service import GuestService
from tests.lab.browser import assert_accessible, chromium, new_context, new_tab, until
from tests.lab.certificates import Authority

pytestmark = pytest.mark.peer

REFUSE = """
window.answers = %s;
const given = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (wanted) => {
  for (const kind of ["video", "audio"]) {
    const [name, text] = window.answers[kind] ?? [];
    if (wanted[kind] && name) throw new DOMException(text ?? "", name);
  }
  return given(wanted);
};
"""


@pytest_asyncio.fixture
async def service(authority: Authority) -> AsyncIterator[GuestService]:
    async with GuestService().running(authority.issue("127.0.0.1")) as running:
        yield running


async def to_test(page: Page, service: GuestService) -> None:
    """From the link to the test page."""
    await page.goto(service.link)
    await page.get_by_role("button", name="Open the invitation").click()
    await page.get_by_role("button", name="Join the meeting").click()
    await expect(page.get_by_role("heading", name="Test the equipment")).to_be_visible()


async def test_who_denies_is_told_what_to_press_and_can_join_all_the_same(service: GuestService) -> None:
    async with chromium(allow=False) as browser:
        tab = await new_tab(await new_context(browser, permissions=[]))
        page = tab.page
        await to_test(page, service)
        await expect(page.get_by_text("The browser may not use your camera.")).to_be_visible()
        await expect(page.get_by_text("The browser may not use your microphone.")).to_be_visible()
        await expect(page.get_by_text("Press the icon to the left", exact=False).first).to_be_visible()
        await expect(page.get_by_role("button", name="Camera Blocked")).to_be_visible()
        await assert_accessible(page)
        await page.get_by_role("button", name="Join", exact=True).click()
        knock = await service.received("knock")
        assert knock["equipment"] == {"camera": "denied", "microphone": "denied", "speaker": "unknown"}
        assert (knock["camera"], knock["microphone"]) == (False, False)
        await expect(page.get_by_text("The browser may not use your microphone.")).to_be_visible()
        tab.check(service.address)


async def test_without_devices_it_says_so(service: GuestService) -> None:
    async with chromium("--use-fake-device-for-media-stream=device-count=0", "--mute-audio") as browser:
        tab = await new_tab(await new_context(browser))
        await to_test(tab.page, service)
        await expect(tab.page.get_by_text("No camera was found.")).to_be_visible()
        await assert_accessible(tab.page)
        await tab.page.get_by_role("button", name="Join", exact=True).click()
        assert (await service.received("knock"))["equipment"]["camera"] == "missing"
        tab.check(service.address)


@pytest.mark.parametrize(
    ("error", "sentence", "check"),
    [
        (["NotReadableError"], "Another program is using your camera.", "busy"),
        (["NotFoundError"], "No camera was found.", "missing"),
        (["NotAllowedError", "Permission denied by system"], "Your device's settings keep", "denied"),
        (["InvalidStateError"], "The camera did not start.", "failed"),
    ],
)
async def test_each_trouble_with_the_camera_has_its_own_words_and_leaves_the_microphone(
    service: GuestService, error: list[str], sentence: str, check: str
) -> None:
    async with chromium() as browser:
        context = await new_context(browser)
        await context.add_init_script(REFUSE % f"{{video: {error}}}")
        tab = await new_tab(context)
        page = tab.page
        await to_test(page, service)
        await expect(page.get_by_text(sentence, exact=False)).to_be_visible()
        await expect(page.get_by_role("button", name="Microphone On")).to_be_visible()
        await page.evaluate("window.answers = {}")
        await page.get_by_role("button", name="Try again").click()
        await expect(page.get_by_role("button", name="Camera On")).to_be_visible()
        await expect(page.get_by_text(sentence, exact=False)).to_be_hidden()
        await page.evaluate(f"window.answers = {{video: {error}}}")
        await page.get_by_role("button", name="Camera On").click()
        await page.get_by_role("button", name="Camera Off").click()
        await expect(page.get_by_text(sentence, exact=False)).to_be_visible()
        await page.get_by_role("button", name="Join", exact=True).click()
        knock = await service.received("knock")
        assert knock["equipment"] == {"camera": check, "microphone": "ok", "speaker": "unknown"}
        tab.check(service.address)


async def test_a_question_closed_without_an_answer_is_asked_again(service: GuestService) -> None:
    async with chromium() as browser:
        context = await new_context(browser, permissions=[])
        closed = "['NotAllowedError', 'Permission dismissed']"
        await context.add_init_script(
            REFUSE % f"{{video: {closed}, audio: {closed}}}"
            + "navigator.permissions.query = async () => ({state: 'prompt'});"
        )
        tab = await new_tab(context)
        await to_test(tab.page, service)
        await expect(tab.page.get_by_text("The camera was not allowed yet.")).to_be_visible()
        await expect(tab.page.get_by_text("when the browser asks, choose", exact=False).first).to_be_visible()
        await tab.page.evaluate("window.answers = {}")
        await tab.page.get_by_role("button", name="Try again").first.click()
        await expect(tab.page.get_by_role("button", name="Camera On")).to_be_visible()
        tab.check(service.address)


async def test_a_pulled_camera_gives_way_to_the_next_one(service: GuestService) -> None:
    async with chromium("--use-fake-device-for-media-stream=device-count=2") as browser:
        tab = await new_tab(await new_context(browser))
        page = tab.page
        await to_test(page, service)
        await expect(page.get_by_role("button", name="Camera On")).to_be_visible()
        await page.get_by_label("Camera", exact=True).select_option(label="fake_device_1")
        await until(
            page, "document.querySelector('video').srcObject?.getTracks()[0].label === 'fake_device_1'"
        )
        await page.evaluate(
            """const track = document.querySelector('video').srcObject.getTracks()[0];
            track.stop(); track.dispatchEvent(new Event('ended'))"""
        )
        await expect(
            page.get_by_text("The camera went away. fake_device_0 is used now.").first
        ).to_be_visible()
        await until(
            page, "document.querySelector('video').srcObject?.getTracks()[0].label === 'fake_device_0'"
        )
        await expect(page.get_by_role("button", name="Camera On")).to_be_visible()
        tab.check(service.address)


async def test_a_camera_plugged_in_later_is_taken_into_use(service: GuestService) -> None:
    async with chromium() as browser:
        context = await new_context(browser)
        await context.add_init_script(REFUSE % "{video: ['NotFoundError']}")
        tab = await new_tab(context)
        await to_test(tab.page, service)
        await expect(tab.page.get_by_text("No camera was found.")).to_be_visible()
        await tab.page.evaluate(
            "window.answers = {}; navigator.mediaDevices.dispatchEvent(new Event('devicechange'))"
        )
        await expect(tab.page.get_by_role("button", name="Camera On")).to_be_visible()
        tab.check(service.address)


async def test_what_was_heard_and_seen_is_told_to_the_host(service: GuestService) -> None:
    async with chromium() as browser:
        context = await new_context(browser)
        await context.add_init_script(
            """const drawn = CanvasRenderingContext2D.prototype.getImageData;
            CanvasRenderingContext2D.prototype.getImageData = function (...given) {
              const image = drawn.apply(this, given); image.data.fill(0); return image; };"""
        )
        tab = await new_tab(context)
        page = tab.page
        await to_test(page, service)
        await expect(page.get_by_text("Your picture is black.")).to_be_visible()
        await page.get_by_role("button", name="Play a tone").click()
        await page.get_by_role("button", name="No", exact=True).click()
        await expect(page.get_by_text("Turn the volume up", exact=False)).to_be_visible()
        await page.get_by_role("button", name="Play a tone").click()
        await page.get_by_role("button", name="Yes", exact=True).click()
        await expect(page.get_by_text("Good, your speaker works.")).to_be_visible()
        await page.get_by_role("button", name="Join", exact=True).click()
        knock = await service.received("knock")
        assert knock["equipment"] == {"camera": "black", "microphone": "ok", "speaker": "ok"}
        tab.check(service.address)


async def test_a_refused_knock_says_why_and_lets_one_try_again(service: GuestService) -> None:
    service.answers["knock"] = {"type": "refused", "code": "not-allowed", "tries_left": 0}
    async with chromium() as browser:
        tab = await new_tab(await new_context(browser))
        await to_test(tab.page, service)
        await tab.page.get_by_role("button", name="Join", exact=True).click()
        await expect(tab.page.get_by_role("alert").filter(has_text="taken out")).to_be_visible()
        await tab.page.get_by_role("button", name="Join", exact=True).click()
        await expect(tab.page.get_by_role("heading", name="You are in the lobby")).to_be_visible()
        tab.check(service.address)
