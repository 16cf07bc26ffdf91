"""The guest page's connection to the service, with sockets of paper; run in Chromium."""

from __future__ import annotations

import pytest

from tests.e2e.guest_modules import Run, run

__all__ = ["run"]
pytestmark = [pytest.mark.peer, pytest.mark.asyncio(loop_scope="module")]

PAPER = """
const sockets = [], told = [], links = [], refused = [];
class Paper { constructor() { this.sent = []; this.readyState = 1; sockets.push(this); }
  send(text) { this.sent.push(JSON.parse(text)); }
  close() { this.readyState = 3; }
  say(message) { this.onmessage({data: JSON.stringify(message)}); } }
const socket = new m.Socket({address: "wss://nobody", token: () => "T", ask: async () => {},
  onEvent: (event) => told.push(event.type), onLink: (value) => links.push(value),
  onRefused: (code) => refused.push(code), open: () => new Paper()});
const last = () => sockets.at(-1);
const soon = (milliseconds = 0) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const come = (seq = 1) => { last().onopen(); last().say({type: "welcome", seq, picture: {}}); };
"""


async def test_a_command_that_was_not_answered_is_said_again_with_the_same_id(run: Run) -> None:
    said = await run(
        "socket.js",
        f"""{PAPER} come();
        const answered = socket.send("say", {{text: "hello"}});
        const media = socket.send("subscribe", {{feed: "x"}}).catch((one) => one.code);
        const first = last().sent.find((one) => one.type === "say");
        last().onclose({{code: 1006}});
        await soon(50); come();
        const second = last().sent.find((one) => one.type === "say");
        last().say({{type: "done", id: second.id}});
        await answered; socket.close();
        return [sockets.length, first.id === second.id, await media, links, last().sent[0].resume_token];""",
    )
    assert said == [2, True, "lost", ["open", "lost", "open"], "T"]


async def test_a_number_that_was_missed_is_asked_for(run: Run) -> None:
    said = await run(
        "socket.js",
        f"""{PAPER} come();
        last().say({{type: "person-gone", seq: 2}}); last().say({{type: "person-gone", seq: 4}});
        last().say({{type: "snapshot", seq: 5, picture: {{}}}}); last().say({{type: "person-gone", seq: 6}});
        const asked = last().sent.map((one) => one.type); socket.close();
        return [asked, told];""",
    )
    gone = "person-gone"
    assert said == [["hello", "resync"], ["welcome", gone, gone, "snapshot", gone]]


@pytest.mark.parametrize(
    ("code", "refused", "again"),
    [
        (1006, [], 2),
        (1001, [], 2),
        (4430, [], 2),
        (4409, ["taken-over"], 1),
        (4410, ["ended"], 1),
        (4401, ["not-signed-in"], 1),
    ],
)
async def test_who_is_sent_away_for_good_does_not_come_back(
    run: Run, code: int, refused: list[str], again: int
) -> None:
    said = await run(
        "socket.js",
        f"""{PAPER} come(); last().onclose({{code: {code}}});
        await soon(50); socket.close(); return [refused, sockets.length];""",
    )
    assert said == [refused, again]


async def test_a_refusal_carries_its_code_and_tries(run: Run) -> None:
    said = await run(
        "socket.js",
        f"""{PAPER} come(); const answer = socket.send("confirm-code", {{code: "123456"}});
        last().say({{type: "refused", id: last().sent.at(-1).id, code: "wrong-code", tries_left: 3}});
        const said = await answer.catch((one) => [one.code, one.triesLeft]); socket.close(); return said;""",
    )
    assert said == ["wrong-code", 3]


BY_HAND = """
const due = [], given = globalThis.setTimeout;
globalThis.setTimeout = (act, wait) => due.push({act, wait});
const fire = async (least, most) => {
  const one = due.filter(({wait}) => wait >= least && wait <= most).at(-1);
  due.length = 0; one.act();
  await new Promise((resolve) => given(resolve)); return one.wait; };
"""


async def test_a_connection_that_takes_long_is_given_more_and_more_time(run: Run) -> None:
    said = await run(
        "socket.js",
        f"""{BY_HAND} {PAPER}
        const opening = () => fire(3000, 60000), waits = [];
        for (let tries = 0; tries < 4; tries++) {{ waits.push(await opening()); await fire(0, 1000); }}
        await opening(); await fire(0, 1000); come();
        last().onclose({{code: 1006}}); await fire(0, 1000);
        waits.push(await opening());
        globalThis.setTimeout = given; socket.close();
        return [waits, links];""",
    )
    assert said == [[3000, 6000, 12000, 3000, 3000], ["open", "lost"]]
