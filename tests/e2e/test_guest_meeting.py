"""A customer in Chromium at the real service, from the link to goodbye; the host is a program of its own."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Page, expect

from tests.e2e.guest_rig import AINO, MATTI, SHOWN, Meeting, Office, Steps, customer, let_in, moving, office
from tests.lab.browser import chromium, new_context, new_tab, until
from tests.lab.meeting_host import MeetingHost

__all__ = ["office"]
pytestmark = pytest.mark.peer


async def test_from_the_link_to_goodbye(office: Office) -> None:
    async with office.meeting() as meeting:
        host, aino, page = meeting.host, meeting.aino, meeting.aino.page
        server, secret = office.service.url.removeprefix("https://"), meeting.link.partition("#")[2]
        await host.send_media()
        await page.goto(meeting.link)
        await expect(page.get_by_text(server, exact=True)).to_be_visible()
        assert secret not in page.url
        assert not [url for url in meeting.tab.requests if "/api/" in url]
        await aino.to_lobby(meeting.link)
        waiting = await host.person(AINO, state="waiting")
        assert (waiting["camera"], waiting["microphone"]) == (True, True)
        assert waiting["equipment"]["camera"] == waiting["equipment"]["microphone"] == "ok"
        await _lobby_chat(host, aino, waiting["session"])

        inside = await let_in(host)
        await aino.sees("Lending talk")
        await aino.picture()
        feed = await host.watch(inside["session"])
        await host.more_pictures(feed)
        assert (await host.media.stats(feed))["energy"] > 0
        await until(page, "document.querySelector('.tile[data-speaking]') !== null")
        await _chat(host, page)
        await _code(host, page, inside["session"])

        await aino.press("Leave")
        await aino.sees("You have left the meeting")
        await host.person(AINO, state="left")
        assert not [url for url in meeting.tab.requests if secret in url]
        assert secret not in office.service.log
        await _assert_nothing_kept(meeting)


async def _assert_nothing_kept(meeting: Meeting) -> None:
    stored = await meeting.aino.page.evaluate("[localStorage.length, Object.keys(sessionStorage)]")
    assert stored == [0, ["softphone.choices"]]
    cookies = await meeting.context.cookies()
    assert [(one["name"], one["httpOnly"], one["secure"], one["sameSite"]) for one in cookies] == [
        ("__Host-softphone-place", True, True, "Strict")
    ]


async def _lobby_chat(host: MeetingHost, aino: Steps, session: str) -> None:
    await aino.page.get_by_label("Your message").fill("I <b>hear</b> nothing")
    await aino.press("Send")
    await host.until(lambda: _said(host, "I <b>hear</b> nothing"))
    await host.send("lobby-say", text="Five minutes, sorry!", session=session)
    await expect(aino.page.get_by_role("listitem").get_by_text("Five minutes, sorry!")).to_be_visible()


def _said(host: MeetingHost, text: str) -> bool:
    return any(event["type"] == "chat-added" and event["line"]["text"] == text for event in host.events)


async def _chat(host: MeetingHost, page: Page) -> None:
    await host.send("say", text="<img src=x onerror=alert(1)> Good day")
    bubble = page.get_by_role("button", name="Messages, one unread")
    await expect(bubble).to_be_visible()
    await bubble.click()
    await expect(
        page.get_by_role("listitem").get_by_text("<img src=x onerror=alert(1)> Good day")
    ).to_be_visible()
    await expect(page.get_by_label("Message to everybody")).to_be_focused()
    await page.keyboard.type("Good day to you")
    await page.keyboard.press("Enter")
    await host.until(lambda: _said(host, "Good day to you"))
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("button", name="Messages", exact=True)).to_be_focused()


async def _code(host: MeetingHost, page: Page, session: str) -> None:
    code = (await host.send("new-code", session=session))["code"]
    wrong = f"{(int(code) + 1) % 1000000:06d}"
    field = page.get_by_role("textbox", name="Confirmation code")
    await field.fill("12")
    await page.get_by_role("button", name="Confirm").click()
    await expect(page.get_by_text("The code has six digits.")).to_be_visible()
    await field.fill(wrong)
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("You have 4 tries left", exact=False)).to_be_visible()

    await page.get_by_role("button", name="Messages", exact=True).click()
    await page.get_by_label("Message to everybody").fill(f"is it {code}?")
    await page.get_by_role("button", name="Send").click()
    await expect(page.get_by_text("it holds the confirmation code", exact=False)).to_be_visible()
    await expect(page.get_by_label("Message to everybody")).to_have_value(f"is it {code}?")
    await page.keyboard.press("Escape")

    await field.fill(code)
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("The code is too old. Ask for a new one.")).to_be_visible()
    code = (await host.send("new-code", session=session))["code"]
    await field.fill("")
    await field.fill(f"{code[:3]} {code[3:]}")
    await expect(field).to_have_value(code)
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Code confirmed. You can go on talking.")).to_be_visible()
    await host.person(AINO, code_confirmed=True)


async def test_a_camera_that_is_off_is_let_go_and_everybody_knows(office: Office) -> None:
    async with office.meeting() as meeting:
        host, aino = meeting.host, meeting.aino
        inside = await meeting.begin()
        feed = await host.watch(inside["session"])
        await host.more_pictures(feed)
        await aino.page.evaluate(
            "window.light = document.querySelector('.tile.own video').srcObject.getTracks()[0]"
        )
        bar = aino.page.get_by_role("group", name="Controls of the meeting")
        await bar.get_by_role("button", name="Camera On").click()
        await expect(bar.get_by_role("button", name="Camera Off")).to_be_visible()
        assert await aino.page.evaluate("window.light.readyState") == "ended"
        await host.person(AINO, camera=False, microphone=True)
        await bar.get_by_role("button", name="Microphone On").click()
        await host.person(AINO, camera=False, microphone=False)

        await aino.page.reload()
        await aino.sees("Lending talk")
        await host.person(AINO, state="connected", camera=False, microphone=False)
        await expect(bar.get_by_role("button", name="Camera Off")).to_be_visible()
        await bar.get_by_role("button", name="Camera Off").click()
        await bar.get_by_role("button", name="Microphone Off").click()
        await host.person(AINO, camera=True, microphone=True)
        feed = await host.watch(inside["session"])
        await host.more_pictures(feed)


async def test_a_reload_leads_back_into_the_meeting(office: Office) -> None:
    async with office.meeting() as meeting:
        host, aino = meeting.host, meeting.aino
        await host.send_media()
        await aino.to_lobby(meeting.link)
        await aino.page.reload()
        await aino.sees("You are in the lobby")
        inside = await let_in(host)
        await aino.picture()
        await aino.page.reload()
        await aino.picture(5.0)
        assert (await host.person(AINO, state="connected"))["session"] == inside["session"]
        assert not [event for event in host.events if event["type"] == "knocked"][1:]


async def test_a_second_tab_takes_the_meeting_over(office: Office) -> None:
    async with office.meeting() as meeting:
        await meeting.begin()
        aino = meeting.aino
        async with customer(meeting.context, office.service.url) as (_, again):
            await again.page.goto(f"{office.service.url}/m")
            await again.press("Join the meeting")
            await again.sees("Lending talk")
            await again.picture()
            await aino.sees("The meeting goes on in another window")
            assert await aino.page.evaluate("document.querySelectorAll('video').length") == 0
        await aino.press("Use the meeting here")
        await aino.sees("Lending talk")
        await aino.picture()


async def test_a_second_device_is_announced_and_waits(office: Office) -> None:
    async with office.meeting(lobby=False) as meeting:
        host, aino = meeting.host, meeting.aino
        await aino.to_test(meeting.link)
        await aino.press("Join")
        await aino.sees("Lending talk")
        async with customer(await new_context(meeting.browser), office.service.url) as (_, stranger):
            await stranger.to_lobby(meeting.link)
            await host.until(lambda: any(event["type"] == "other-device" for event in host.events))
            await host.person(AINO, state="waiting", other_device=True)


@pytest.mark.parametrize(
    ("command", "heading"),
    [
        ("decline", "You were not let in this time"),
        ("remove", "You were taken out of the meeting"),
        ("end", "The meeting has ended"),
    ],
)
async def test_the_hosts_word_is_shown(office: Office, command: str, heading: str) -> None:
    async with office.meeting() as meeting:
        host, aino = meeting.host, meeting.aino
        await aino.to_lobby(meeting.link)
        waiting = await host.person(AINO, state="waiting")
        if command != "decline":
            await let_in(host)
            await aino.sees("Lending talk")
        given = {} if command == "end" else {"session": waiting["session"], "reason": "We are closed"}
        await host.send(command, **given)
        await aino.sees(heading)
        if given:
            await expect(aino.page.get_by_text("We are closed")).to_be_visible()
        await expect(aino.page.get_by_role("link", name="010 123 4567")).to_have_attribute(
            "href", "tel:0101234567"
        )


async def test_who_is_put_back_waits_and_is_let_in_again(office: Office) -> None:
    async with office.meeting() as meeting:
        host, aino = meeting.host, meeting.aino
        inside = await meeting.begin()
        await host.send("put-back", session=inside["session"])
        await aino.sees("You are in the lobby")
        await expect(
            aino.page.get_by_text("asked you to wait in the lobby again", exact=False)
        ).to_be_visible()
        await let_in(host)
        await aino.picture()


async def test_after_five_wrong_codes_a_new_one_is_needed(office: Office) -> None:
    async with office.meeting() as meeting:
        host, aino = meeting.host, meeting.aino
        await aino.to_lobby(meeting.link)
        inside = await let_in(host)
        code = (await host.send("new-code", session=inside["session"]))["code"]
        field = aino.page.get_by_role("textbox", name="Confirmation code")
        said = ["You have 4 tries", "You have 3 tries", "You have 2 tries", "You have one try"]
        for number, words in enumerate((*said, "Ask for a new code", "Ask for a new code")):
            await field.fill(f"{(int(code) + number + 1) % 1000000:06d}")
            await aino.press("Confirm")
            await expect(aino.page.get_by_text(words, exact=False)).to_be_visible()
        await field.fill(code)
        await aino.press("Confirm")
        await expect(aino.page.get_by_role("alert").filter(has_text="code")).to_be_visible()
        assert not (await host.person(AINO))["code_confirmed"]
        code = (await host.send("new-code", session=inside["session"]))["code"]
        await field.fill(code)
        await aino.press("Confirm")
        await expect(aino.page.get_by_text("Code confirmed", exact=False)).to_be_visible()


async def test_links_that_lead_nowhere_say_why(office: Office) -> None:
    made = office.invite()
    async with chromium() as browser:
        tab = await new_tab(await new_context(browser))
        tab.expected = ("status of 4",)
        await tab.page.goto(f"{office.service.url}/m")
        await expect(tab.page.get_by_role("heading", name="Open the link of your invitation")).to_be_visible()
        await tab.page.goto(f"{office.service.url}/m#{'A' * 43}")
        await tab.page.get_by_role("button", name="Open the invitation").click()
        await expect(tab.page.get_by_role("heading", name="This link does not work")).to_be_visible()
        office.account.ask("DELETE", f"/appointments/{made.appointment.id}")
        await tab.page.goto(made.links[0].link)
        await tab.page.get_by_role("button", name="Open the invitation").click()
        await expect(tab.page.get_by_role("heading", name="This meeting was cancelled")).to_be_visible()
        tab.check(office.service.url)


async def test_full_screen_of_a_tile(office: Office) -> None:
    async with office.meeting() as meeting:
        aino = meeting.aino
        await meeting.begin()
        await aino.press("Show Olli Asiantuntija in full screen")
        await until(aino.page, "document.fullscreenElement?.classList.contains('tile') ?? false")
        await moving(aino.page)
        await aino.press("Leave full screen")
        await until(aino.page, "document.fullscreenElement === null")


async def test_a_removed_guest_does_not_come_back_by_the_link(office: Office) -> None:
    async with office.meeting() as meeting:
        host, aino = meeting.host, meeting.aino
        await aino.to_lobby(meeting.link)
        inside = await let_in(host)
        await host.send("remove", session=inside["session"])
        await aino.sees("You were taken out of the meeting")
        await aino.page.reload()
        await aino.press("Join the meeting")
        await expect(aino.page.get_by_text("You were taken out of th", exact=False).first).to_be_visible()
        assert not [
            one
            for one in host.people.values()
            if one["state"] in ("waiting", "connected") and one["seat"] != "host"
        ]


BLOCKED = """
window.heard = false;
const play = HTMLMediaElement.prototype.play;
HTMLMediaElement.prototype.play = function () {
  const blocked = this.tagName === "AUDIO" && !window.heard;
  return blocked ? Promise.reject(new DOMException("", "NotAllowedError")) : play.call(this);
};
"""


async def test_where_sound_needs_a_press_the_page_asks_for_it(office: Office) -> None:
    async with office.meeting() as meeting:
        await meeting.context.add_init_script(BLOCKED)
        await meeting.begin()
        page = meeting.aino.page
        press = page.get_by_role("button", name="Press here to hear the others")
        await expect(press).to_be_visible()
        await page.evaluate("window.heard = true")
        await press.click()
        await expect(press).to_be_hidden()
        await until(page, "[...document.querySelectorAll('audio')].every(one => !one.paused)")


async def test_a_hidden_page_asks_for_no_pictures(office: Office) -> None:
    async with office.meeting() as meeting:
        adjusted: list[str] = []
        meeting.aino.page.on(
            "websocket",
            lambda socket: socket.on(
                "framesent", lambda text: adjusted.append(str(text)) if '"adjust"' in str(text) else None
            ),
        )
        await meeting.begin()
        page = meeting.aino.page
        await page.evaluate(
            """Object.defineProperty(document, "hidden", {value: true, configurable: true});
            document.dispatchEvent(new Event("visibilitychange"))"""
        )
        await _until_last(adjusted, '"video":false')
        await page.evaluate("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")
        await _until_last(adjusted, '"video":true')
        await moving(page)


async def _until_last(lines: list[str], part: str) -> None:
    async with asyncio.timeout(10):
        while not lines or part not in lines[-1]:
            await asyncio.sleep(0.05)


@pytest.mark.slow
async def test_three_customers_see_each_other_and_the_host(office: Office) -> None:
    names = (AINO, MATTI, "Siiri Kolmas")
    made = office.invite(*names)
    host_in = MeetingHost.in_meeting(office.service, office.account, made.appointment.id)
    async with host_in as host, chromium(few_pictures=True) as browser:
        await host.send_media()
        tabs = []
        for name, link in zip(names, made.links, strict=True):
            tab = await new_tab(await new_context(browser, size=(800, 600)))
            await Steps(tab.page).to_lobby(link.link)
            await host.person(name, state="waiting")
            tabs.append(tab)
        await host.send("admit-all")
        for tab in tabs:
            await Steps(tab.page).sees("Lending talk")
        for tab in tabs:
            await until(tab.page, f"{SHOWN}.length === 3", 30)
            tab.check(office.service.url)
