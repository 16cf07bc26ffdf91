"""The guest page's modules that need no screen: state, stalls, words, times, the lock; run in Chromium."""

from __future__ import annotations

import pytest

from tests.e2e.guest_modules import Run, run

__all__ = ["run"]
pytestmark = [pytest.mark.peer, pytest.mark.asyncio(loop_scope="module")]


async def test_sound_is_offered_with_repeats_once_and_browsers_take_it(run: Run) -> None:
    said = await run(
        "media/peer.js",
        """
        const one = m.connection(), other = m.connection();
        one.addTransceiver("audio", {direction: "sendonly"});
        const offer = await m.describe(one, await one.createOffer());
        await other.setRemoteDescription({type: "offer", sdp: offer});
        const answer = await m.describe(other, await other.createAnswer());
        await one.setRemoteDescription({type: "answer", sdp: answer});
        const counts = [offer, answer, m.withRepeats(answer)].map(
          (sdp) => sdp.match(/^a=rtcp-fb:111 nack\\r$/gm)?.length);
        one.close(); other.close();
        return [...counts, one.signalingState];
        """,
    )
    assert said == [1, 1, 1, "closed"]


PLACE = """
const you = (state) => ({session: "you", state, name: "Aino", seat: "participant"});
const empty = {place: 0, people: [], chat: [], feeds: [], reason: ""};
const picture = (state, more = {}) => ({you: you(state), ...empty, ...more});
const after = (events, from = m.START) => events.reduce(m.reduce, from);
const welcome = (state, more) => ({type: "welcome", picture: picture(state, more)});
const moved = (state, reason = "") => ({type: "you-changed", you: you(state), place: 1, reason});
"""


@pytest.mark.parametrize(
    ("events", "screen"),
    [
        ("{type: 'secret-found'}", "sealed"),
        ("{type: 'secret-found'}, {type: 'opening'}", "sealed"),
        ("{type: 'opened', invitation: {}}", "invitation"),
        ("{type: 'opened', invitation: {}}, {type: 'to-test', early: true}", "test"),
        ("welcome('prejoin')", "start"),
        ("{type: 'to-test'}, welcome('prejoin')", "test"),
        ("{type: 'resuming'}, welcome('prejoin')", "test"),
        ("{type: 'resuming'}", "start"),
        ("welcome('waiting')", "lobby"),
        ("welcome('waiting-for-others')", "lobby"),
        ("welcome('admitted')", "meeting"),
        ("welcome('connected')", "meeting"),
        ("welcome('reconnecting')", "meeting"),
        ("welcome('connected'), moved('waiting')", "lobby"),
        ("welcome('connected'), moved('removed')", "goodbye"),
        ("welcome('waiting'), moved('declined')", "goodbye"),
        ("welcome('connected'), {type: 'taken-over'}", "goodbye"),
        ("{type: 'over', code: 'link-expired'}", "goodbye"),
        ("welcome('connected'), {type: 'nobody knows this'}", "meeting"),
    ],
)
async def test_every_state_has_its_screen(run: Run, events: str, screen: str) -> None:
    assert await run("state.js", f"{PLACE} return m.screenOf(after([{events}]))") == screen


async def test_what_a_goodbye_was(run: Run) -> None:
    said = await run(
        "state.js",
        f"""{PLACE}
        const end = (...events) => {{
          const {{end, reason}} = after([welcome("connected"), ...events]);
          return [end, reason]; }};
        return [end(moved("left")), end({{type: "leaving"}}, moved("left")), end(moved("removed", "Closed")),
          end(moved("left"), {{type: "ended", reason: "Fire alarm"}})];""",
    )
    assert said == [["ended", ""], ["left", ""], ["removed", "Closed"], ["ended", "Fire alarm"]]


async def test_put_back_is_told_from_waiting(run: Run) -> None:
    said = await run(
        "state.js",
        f"""{PLACE} const put = (...events) => after(events).putBack;
        return [put(welcome("waiting")), put(welcome("connected"), moved("waiting", "One moment")),
          put(welcome("connected"), moved("waiting"), welcome("waiting")),
          put(welcome("connected"), moved("waiting"), moved("connected"))];""",
    )
    assert said == [False, True, True, False]


async def test_unread_counts_what_others_said_in_the_meeting_while_the_panel_is_closed(run: Run) -> None:
    said = await run(
        "state.js",
        f"""{PLACE}
        const line = (id, session, lobby = false) =>
          ({{type: "chat-added", line: {{id, session, lobby, text: id, name: "x"}}}});
        const events = [welcome("connected"), line("1", "host"), line("1", "host"), line("2", "you"),
          line("3", "host", true), line("4", "host")];
        const closed = after(events), open = after([...events, {{type: "chat-opened"}}, line("5", "host")]);
        return [closed.unread, m.lines(closed, false).length, m.lines(closed, true).length, open.unread];""",
    )
    assert said == [2, 3, 1, 0]


MISSED = """
const line = (id, session, lobby = false) => ({id, session, lobby, text: `text ${id}`, name: "Olli"});
const first = welcome("connected", {chat: [line("1", "host")]});
const whole = [["1", "host"], ["2", "host"], ["3", "you"], ["4", "host", true]].map((one) => line(...one));
"""


@pytest.mark.parametrize("kind", ["welcome", "snapshot"])
async def test_what_was_written_while_the_connection_was_away_is_unread(run: Run, kind: str) -> None:
    said = await run(
        "state.js",
        f"""{PLACE} {MISSED}
        const event = {{type: "{kind}", picture: picture("connected", {{chat: whole}})}};
        return [after([first]), after([first, event]), after([first, event, event]),
          after([first, {{type: "chat-opened"}}, event])].map((one) => one.unread);""",
    )
    assert said == [0, 1, 1, 0]


@pytest.mark.parametrize("kind", ["welcome", "snapshot"])
async def test_what_was_written_while_the_connection_was_away_is_said(run: Run, kind: str) -> None:
    said = await run(
        "news.js",
        f"""const {{news: told}} = m;
        {{ const m = await import(new URL("state.js", location.href)); {PLACE} {MISSED}
        const words = {{t: (key, {{text}} = {{}}) => `${{key}} ${{text}}`}};
        const event = {{type: "{kind}", picture: picture("connected", {{chat: whole}})}};
        const one = {{type: "chat-added", line: line("5", "host")}};
        const then = after([first]), now = after([event], then);
        return [[m.START, then, first], [then, now, event], [now, now, event], [now, after([one], now), one],
          [now, now, one]].map((of) => told(...of, words)); }}""",
    )
    assert said == [[], ["news.said text 2", "news.said text 4"], [], ["news.said text 5"], []]


async def test_the_host_comes_first_among_others_and_who_waits_is_nobody(run: Run) -> None:
    said = await run(
        "state.js",
        f"""{PLACE}
        const people = [["b", "participant", "connected"], ["you", "participant", "connected"],
          ["c", "participant", "left"], ["a", "host", "reconnecting"]]
          .map(([session, seat, state]) => ({{session, seat, state}}));
        return m.others(after([welcome("connected", {{people}})])).map((one) => one.session);""",
    )
    assert said == ["a", "b"]


async def test_a_stall_is_what_should_come_and_does_not(run: Run) -> None:
    said = await run(
        "media/stall.js",
        """const both = {frames: true, packets: true}, told = [];
        const watch = (from) => new m.Stall(from);
        let one = watch(0);
        told.push(one.stalled({frames: 0, packets: 0, lost: 0}, both, 5000));
        told.push(one.stalled({frames: 0, packets: 9, lost: 0}, both, 6500));
        one = watch(0);
        told.push(one.stalled({frames: 5, packets: 50, lost: 0}, both, 1000));
        told.push(one.stalled({frames: 5, packets: 90, lost: 0}, both, 3900));
        told.push(one.stalled({frames: 5, packets: 99, lost: 0}, both, 4100));
        one = watch(0);
        one.stalled({frames: 5, packets: 50, lost: 0}, both, 1000);
        told.push(one.stalled({frames: 5, packets: 50, lost: 0}, {frames: false, packets: false}, 60000));
        told.push(one.stalled({frames: 5, packets: 50, lost: 0}, both, 62000));
        told.push(one.stalled({frames: 5, packets: 50, lost: 0}, both, 64000));
        return told;""",
    )
    assert said == [False, True, False, False, True, False, False, True]


async def test_loss_is_of_the_last_moment(run: Run) -> None:
    said = await run(
        "media/stall.js",
        """const one = new m.Stall(0), due = {frames: false, packets: true}, told = [];
        for (const [received, lost] of [[0, 0], [90, 10], [190, 10]]) {
          one.stalled({frames: 0, packets: received, received, lost}, due, 0); told.push(one.loss); }
        return told;""",
    )
    assert said == [0, 0.1, 0]


async def test_who_is_large(run: Run) -> None:
    said = await run(
        "parts/stage.js",
        """const people = [{session: "host"}, {session: "b"}];
        return [m.large(people, "", ""), m.large(people, "b", "host"), m.large(people, "", "b"),
          m.large(people, "gone", "b"), m.large(people, "", "gone"), m.large([], "", "b")];""",
    )
    assert said == ["host", "b", "b", "b", "host", ""]


async def test_languages_are_chosen_in_the_persons_order(run: Run) -> None:
    said = await run(
        "words.js",
        """return [m.choose(["sv-FI", "fi"]), m.choose(["de", "en-US"]), m.choose(["de"]),
          m.choose(["de"], "sv"), m.choose([])];""",
    )
    assert said == ["sv", "en", "fi", "sv", "fi"]


async def test_times_are_those_of_the_appointments_zone(run: Run) -> None:
    said = await run(
        "times.js",
        """const appointment = {
          start: "2026-11-24T08:00:00Z", end: "2026-11-24T09:15:00Z", time_zone: "Europe/Helsinki"};
        return [m.when(appointment, "fi"), m.when(appointment, "sv"),
          m.duration(-1), m.duration(65000), m.duration(3725000)];""",
    )
    assert said == [
        {"day": "Tiistaina 24. marraskuuta 2026", "hours": "10.00–11.15", "zone": "Europe/Helsinki"},
        {"day": "Tisdag 24 november 2026", "hours": "10.00–11.15", "zone": "Europe/Helsinki"},
        "0:00",
        "1:05",
        "1:02:05",
    ]


@pytest.mark.parametrize(
    ("name", "message", "permission", "trouble"),
    [
        ("NotAllowedError", "Permission denied", "denied", "denied"),
        ("NotAllowedError", "Permission denied", "", "denied"),
        ("NotAllowedError", "Permission dismissed", "prompt", "dismissed"),
        ("NotAllowedError", "Permission denied by system", "granted", "system"),
        ("NotFoundError", "", "granted", "missing"),
        ("OverconstrainedError", "", "granted", "missing"),
        ("NotReadableError", "", "granted", "busy"),
        ("AbortError", "", "granted", "busy"),
        ("SecurityError", "", "", "insecure"),
        ("InvalidStateError", "", "", "failed"),
    ],
)
async def test_troubles_are_told_apart(
    run: Run, name: str, message: str, permission: str, trouble: str
) -> None:
    body = f"return m.troubleOf({{name: {name!r}, message: {message!r}}}, {permission!r})"
    assert await run("media/permission.js", body) == trouble


@pytest.mark.parametrize(
    ("agent", "browser", "device"),
    [
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/156.0 Safari/537.36 Edg/156.0", "edge", "Edge, Windows"),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) Version/18.0 Safari/605.1.15",
            "safari",
            "Safari, macOS",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1",
            "ios",
            "Safari, iOS",
        ),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "firefox",
            "Firefox, Linux",
        ),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/156.0 Mobile Safari/537.36", "chrome", "Chrome, Android"),
    ],
)
async def test_browsers_are_told_apart(run: Run, agent: str, browser: str, device: str) -> None:
    assert await run("service.js", f"return [m.browserOf({agent!r}), m.deviceName({agent!r})]") == [
        browser,
        device,
    ]


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("https://meet.example.com", "server"),
        ("https://127.0.0.1:8443", "server"),
        ("http://127.0.0.1:8080", "local"),
        ("http://localhost:8080", "local"),
        ("http://[::1]:8080", "local"),
        ("http://intranet", "open"),
        ("http://192.0.2.1", "open"),
        ("http://127.example.com", "open"),
    ],
)
async def test_the_lock_says_on_this_computer_of_this_computer_alone(
    run: Run, address: str, said: str
) -> None:
    body = f"""const words = {{t: (key, {{server}}) => `${{key}} ${{server}}`}};
    return m.lock(words, new URL("{address}")).textContent;"""
    assert await run("parts/frame.js", body) == f"lock.{said} {address.partition('//')[2]}"
