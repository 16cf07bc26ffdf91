"""Parts of the guest page by themselves, in Chromium: the code's field, messages, the stage, the lock."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from service.adapters.http.pages import load
from tests.doubles.guest_service import GuestService, host, line, person
from tests.lab.browser import Tab, assert_accessible, chromium, new_context, new_tab, until
from tests.lab.certificates import Authority

pytestmark = pytest.mark.peer
MATTI = "session-3"


@pytest_asyncio.fixture
async def service(authority: Authority) -> AsyncIterator[GuestService]:
    async with GuestService().running(authority.issue("127.0.0.1")) as running:
        yield running


@contextlib.asynccontextmanager
async def opened(service: GuestService) -> AsyncIterator[Tab]:
    """A watched tab on the test page."""
    async with chromium() as browser:
        tab = await new_tab(await new_context(browser))
        await tab.page.goto(service.link)
        await tab.page.get_by_role("button", name="Open the invitation").click()
        await tab.page.get_by_role("button", name="Join the meeting").click()
        await expect(tab.page.get_by_role("heading", name="Test the equipment")).to_be_focused()
        yield tab
        tab.check(service.address)


@contextlib.asynccontextmanager
async def waiting(service: GuestService) -> AsyncIterator[Page]:
    """In the lobby."""
    async with opened(service) as tab:
        await tab.page.get_by_role("button", name="Join", exact=True).click()
        await expect(tab.page.get_by_role("heading", name="You are in the lobby")).to_be_focused()
        yield tab.page


async def let_in(service: GuestService, page: Page) -> None:
    """Into the meeting, where the host and one more are."""
    service.others = [host(), person(MATTI, "Matti Meikäläinen")]
    for one in service.others:
        await service.tell("person-changed", person=one)
    await service.move("connected")
    await expect(page.locator(".conference")).to_be_visible()


async def test_who_joins_and_reaches_nobody_is_told_and_may_go_back(service: GuestService) -> None:
    service.shut = True
    async with opened(service) as tab:
        tab.expected = ("WebSocket connection",)
        page, told = tab.page, tab.page.get_by_role("alert").filter(has_text="can't be reached yet")
        join = page.get_by_role("button", name="Join", exact=True)
        back = page.get_by_role("button", name="Back")
        await join.click()
        await expect(page.get_by_role("button", name="Joining…")).to_be_disabled()
        await expect(back).to_be_hidden()
        await expect(told).to_be_visible(timeout=8_000)
        await assert_accessible(page)
        await back.click()
        await page.get_by_role("button", name="Join the meeting").click()
        await expect(join).to_be_enabled()
        await expect(told).to_be_hidden()
        await join.click()
        await expect(told).to_be_visible(timeout=8_000)
        service.shut = False
        # Browsers delay a WebSocket to where many have failed, by up to five seconds.
        await expect(page.get_by_role("heading", name="You are in the lobby")).to_be_focused(timeout=20_000)
        assert len([one for one in service.commands if one["type"] == "knock"]) == 1


async def test_enter_pressed_again_sends_the_code_once(service: GuestService) -> None:
    async with waiting(service) as page:
        await let_in(service, page)
        service.held.add("confirm-code")
        service.answers["confirm-code"] = {"type": "refused", "code": "wrong-code", "tries_left": 4}
        await page.locator("#code").fill("123456")
        for _ in range(3):
            await page.keyboard.press("Enter")
        told = len([one for one in service.commands if one["type"] == "media-state"])
        await page.evaluate("document.querySelector('.bar .toggle').click()")
        await service.received("media-state", told + 1)
        await service.answer_held()
        await expect(page.get_by_text("You have 4 tries left", exact=False)).to_be_visible()
        await expect(page.locator("#code")).to_be_focused()
        assert len([one for one in service.commands if one["type"] == "confirm-code"]) == 1
        await page.keyboard.press("Enter")
        await service.received("confirm-code", 2)


async def test_an_answer_that_comes_late_takes_the_focus_from_nobody(service: GuestService) -> None:
    async with waiting(service) as page:
        await let_in(service, page)
        await page.get_by_role("button", name="Messages", exact=True).click()
        field, digits = page.get_by_label("Message to everybody"), page.locator("#code")
        service.held.add("say")
        await field.fill("Good day")
        await page.keyboard.press("Enter")
        await service.received("say")
        await digits.fill("123")
        await service.answer_held()
        await expect(field).to_have_value("")
        await expect(digits).to_be_focused()
        service.held.add("confirm-code")
        service.answers["confirm-code"] = {"type": "refused", "code": "wrong-code", "tries_left": 4}
        await digits.fill("123456")
        await page.keyboard.press("Enter")
        await service.received("confirm-code")
        await field.fill("Is it right?")
        await service.answer_held()
        await expect(page.get_by_text("You have 4 tries left", exact=False)).to_be_visible()
        await expect(field).to_be_focused()
        await page.get_by_role("button", name="Send").click()
        await service.received("say", 2)
        await expect(field).to_have_value("")
        await expect(field).to_be_focused()


async def test_other_messages_of_the_same_number_are_shown(service: GuestService) -> None:
    async with waiting(service) as page:
        await let_in(service, page)
        one, two, three = (line(text) for text in ("One", "Two", "Three"))
        service.chat = [one, two]
        await service.tell("snapshot", picture=service.picture())
        await page.get_by_role("button", name="Messages, 2 unread").click()
        await expect(page.locator(".panel .text")).to_have_text(["One", "Two"])
        service.chat = [two, three]
        await service.tell("snapshot", picture=service.picture())
        await expect(page.locator(".panel .text")).to_have_text(["Two", "Three"])


async def test_a_message_begun_in_the_lobby_is_kept_and_goes_to_everybody_only_by_a_press(
    service: GuestService,
) -> None:
    async with waiting(service) as page:
        await page.get_by_label("Your message").fill("I hear noth")
        await let_in(service, page)
        await page.get_by_role("button", name="Messages", exact=True).click()
        field, told = (
            page.get_by_label("Message to everybody"),
            page.get_by_text("You began this in the lobby"),
        )
        await expect(field).to_have_value("I hear noth")
        await expect(told).to_be_visible()
        await assert_accessible(page)
        await service.move("waiting", place=1)
        await expect(page.get_by_label("Your message")).to_have_value("I hear noth")
        await service.move("connected")
        await field.press_sequentially("ing")
        await expect(told).to_be_visible()
        assert not [one for one in service.commands if one["type"] in ("say", "lobby-say")]
        await page.keyboard.press("Enter")
        assert (await service.received("say"))["text"] == "I hear nothing"
        await expect(field).to_have_value("")
        await expect(told).to_be_hidden()
        await field.fill("Now I hear")
        await expect(told).to_be_hidden()


async def test_a_message_sent_from_the_lobby_at_the_last_moment_is_not_offered_again(
    service: GuestService,
) -> None:
    async with waiting(service) as page:
        service.held.add("lobby-say")
        await page.get_by_label("Your message").fill("I hear nothing")
        await page.keyboard.press("Enter")
        await service.received("lobby-say")
        await let_in(service, page)
        await page.get_by_role("button", name="Messages", exact=True).click()
        await expect(page.get_by_label("Message to everybody")).to_have_value("I hear nothing")
        await service.answer_held()
        await expect(page.get_by_label("Message to everybody")).to_have_value("")


STAGE = """async (module) => {
  const {stage} = await import(module);
  const people = [["host", "Olli", "host"], ["b", "Matti", "participant"], ["c", "Siiri", "participant"]]
    .map(([session, name, seat]) => ({session, name, seat, state: "connected", assurance: "link"}));
  const app = {words: {t: (key, {name} = {}) => `${key} ${name ?? ""}`}, render() { draw(); },
    conference: {speaking: "", wish() {}, streams: () => ({video: null})},
    state: {meeting: {you: {session: "you", name: "Aino", state: "connected"}, people}}};
  const tiles = stage(app), draw = () => tiles.update(app.state);
  window.speak = (session) => { app.conference.speaking = session; draw(); };
  window.leave = (session) => {
    app.state.meeting.people = app.state.meeting.people.filter((one) => one.session !== session); draw(); };
  document.querySelector("main").replaceChildren(tiles.root, tiles.strip);
  draw();
}"""
LARGE = "(document.querySelector('.stage .name')?.textContent ?? '')"
FULL = "(document.fullscreenElement?.querySelector('.name').textContent ?? '')"


@contextlib.asynccontextmanager
async def staged(service: GuestService) -> AsyncIterator[Page]:
    """A stage with three others on a page of its own; `speak` and `leave` are what they do."""
    async with chromium() as browser:
        tab = await new_tab(await new_context(browser))
        await tab.page.goto(f"{service.address}/m")
        await expect(tab.page.locator("h1")).to_be_visible()
        await tab.page.evaluate(STAGE, f"{service.address}/web/{load().version}/parts/stage.js")
        yield tab.page


async def test_who_speaks_ends_nobodys_full_screen(service: GuestService) -> None:
    async with staged(service) as page:
        await page.get_by_role("button", name="tile.enlarge Olli").click()
        await until(page, f"{FULL} === 'Olli'")
        await page.evaluate("speak('b')")
        await page.evaluate("speak('')")
        await page.evaluate("new Promise(requestAnimationFrame)")
        assert await page.evaluate(f"[{FULL}, {LARGE}]") == ["Olli", "Olli"]
        await page.evaluate("speak('b')")
        await page.get_by_role("button", name="tile.shrink Olli").click()
        await until(page, f"{FULL} === '' && {LARGE} === 'Matti'")


async def test_a_small_picture_stays_in_full_screen_when_the_large_one_leaves(service: GuestService) -> None:
    async with staged(service) as page:
        await page.get_by_role("button", name="tile.enlarge Matti").click()
        await until(page, f"{FULL} === 'Matti'")
        await page.evaluate("leave('host')")
        await page.evaluate("speak('b')")
        await page.evaluate("new Promise(requestAnimationFrame)")
        assert await page.evaluate(FULL) == "Matti"
        await page.evaluate("leave('b')")
        await until(page, f"{FULL} === '' && {LARGE} === 'Siiri'")


async def test_the_focus_goes_with_a_picture_that_moves(service: GuestService) -> None:
    async with staged(service) as page:
        press = page.get_by_role("button", name="tile.enlarge Olli")
        await press.focus()
        await page.evaluate("speak('b')")
        assert await page.evaluate(LARGE) == "Matti"
        await expect(press).to_be_focused()
