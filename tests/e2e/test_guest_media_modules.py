"""What the guest page takes and sends, module by module, with devices and connections of a test's own."""

from __future__ import annotations

import json

import pytest

from tests.e2e.guest_modules import Run, run

__all__ = ["run"]
pytestmark = [pytest.mark.peer, pytest.mark.asyncio(loop_scope="module")]

DEVICES = """
const soon = (milliseconds = 0) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const given = navigator.mediaDevices.getUserMedia;
const questions = [];
navigator.mediaDevices.getUserMedia = (wanted) => new Promise((give, reject) =>
  questions.push({wanted, give, refuse: (name) => reject(new DOMException("", name))}));
const equipment = new m.Equipment({changed() {}, replaced() {}, moved() {}});
const end = (said) => { navigator.mediaDevices.getUserMedia = given; equipment.release(); return said; };
"""


async def test_who_left_while_the_browser_asked_is_asked_nothing_more(run: Run) -> None:
    said = await run(
        "media/equipment.js",
        f"""{DEVICES} equipment.start(); equipment.release();
        questions[0].refuse("NotReadableError"); await soon(50);
        return end([questions.length, equipment.status]);""",
    )
    assert said == [1, {"camera": "idle", "microphone": "idle"}]


async def test_who_left_while_the_camera_was_tried_alone_is_not_asked_for_the_microphone(run: Run) -> None:
    said = await run(
        "media/equipment.js",
        f"""{DEVICES} equipment.start();
        questions[0].refuse("NotReadableError"); await soon(50);
        equipment.release(); questions[1].refuse("NotReadableError"); await soon(50);
        return end([questions.map(({{wanted}}) => [Boolean(wanted.video), Boolean(wanted.audio)]),
          equipment.status]);""",
    )
    assert said == [[[True, True], [True, False]], {"camera": "idle", "microphone": "idle"}]


async def test_what_was_switched_off_while_the_browser_asked_is_not_tried_alone(run: Run) -> None:
    said = await run(
        "media/equipment.js",
        f"""{DEVICES} equipment.start(); equipment.turn("camera", false);
        questions[0].refuse("NotReadableError"); await soon(50);
        return end(questions.map(({{wanted}}) => [Boolean(wanted.video), Boolean(wanted.audio)]));""",
    )
    assert said == [[True, True], [False, True]]


async def test_nothing_gets_through_while_no_connection_stands_for_twelve_seconds(run: Run) -> None:
    said = await run(
        "media/reach.js",
        """const told = [], watch = new m.Reach();
        for (const [states, now] of [[[], 0], [["connecting"], 20000], [["failed", "connecting"], 31000],
            [[], 31500], [["connecting"], 32500], [["connecting", "connected"], 33000],
            [["disconnected"], 40000], [["failed"], 51000], [["failed"], 52500]])
          told.push(watch.blocked(states, now));
        return told;""",
    )
    assert said == [False, False, False, False, True, False, False, False, True]


RECEIVER = """
const came = (kind, packetsReceived, packetsLost) => [kind,
  {type: "inbound-rtp", kind, packetsReceived, packetsLost, framesDecoded: 0, audioLevel: 0}];
const receiver = new m.Receiver(
  {id: "1", session: "s"}, {video: true, height: 360}, async () => ({}), () => {});
const figures = async (...entries) => {
  receiver._peer.getStats = async () => new Map(entries);
  return receiver.figures(); };
const end = (said) => { receiver.close(); return said; };
"""


async def test_loss_is_reckoned_from_sound_and_picture_alike(run: Run) -> None:
    figures = await run(
        "media/receiver.js",
        f"""{RECEIVER} return end([await figures(came("audio", 0, 0), came("video", 0, 0)),
          await figures(came("audio", 50, 0), came("video", 147, 3))]);""",
    )
    assert [one["packets"] for one in figures] == [0, 50]
    loss = await run(
        "media/stall.js",
        f"""const stall = new m.Stall(0), due = {{frames: true, packets: true}};
        for (const figures of {json.dumps(figures)}) stall.stalled(figures, due, 1000);
        return stall.loss;""",
    )
    assert loss == pytest.approx(0.015)


async def test_the_connection_is_called_weak_after_three_bad_seconds_and_good_after_three_good_ones(
    run: Run,
) -> None:
    said = await run(
        "media/stall.js",
        """const stall = new m.Stall(0), due = {frames: false, packets: false}, told = [];
        let received = 0, lost = 0;
        const second = (now, gone) => {
          received += 100 - gone; lost += gone;
          stall.stalled({frames: 0, packets: received, received, lost}, due, now * 1000);
          told.push(stall.poor); };
        [0, 20, 0, 20, 20, 20, 20, 0, 20, 0, 0, 0, 0].forEach((gone, now) => second(now, gone));
        return told.map(Number).join("");""",
    )
    assert said == "0000001111110"


async def test_what_is_said_of_devices_ends_when_it_was_read_or_is_no_longer_true(run: Run) -> None:
    said = await run(
        "notice.js",
        """const due = [], told = [];
        const notice = new m.Notice(() => told.push(notice.text), (what) => due.push(what));
        notice.tell("microphone", "nobody hears you", false);
        notice.tell("camera", "another one", true);
        notice.works("camera");
        due[0]();
        notice.tell("speaker", "first", true);
        notice.tell("speaker", "second", true);
        due[1]();
        notice.works("microphone");
        notice.clear();
        notice.clear();
        return told;""",
    )
    away = "nobody hears you"
    assert said == [away, f"{away} another one", away, f"{away} first", f"{away} second", "second", ""]
