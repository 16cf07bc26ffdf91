"""Within a meeting: sound and picture, chat, the host's commands and a phone call beside."""

from __future__ import annotations

from pathlib import Path

import pytest

from service_api import meeting as wire
from softphone.domain.account import Credentials
from softphone.domain.errors import CommandRefused, MeetingRefused
from softphone.domain.events import ChatArrived, Knocked
from softphone.domain.meeting import Seat, SessionState, Track, Trouble
from tests.doubles.application import running_application, settle
from tests.doubles.meeting_ports import a_chat_line, a_wire_appointment, a_wire_person
from tests.unit.softphone.services.meetings_bench import Bench, a_ticket, at

__all__ = ["at"]


async def test_media_begins_with_a_redeemed_ticket_and_not_before(at: Bench) -> None:
    await at.opened()
    at.server.tell(wire.YouChanged(you=a_wire_person(state=SessionState.ADMITTED)))
    await settle()
    assert at.media.done == [("start",), ("microphone", True)], "chosen, and nothing begun"
    at.server.tell(a_ticket())
    await settle(60)
    [redeem] = at.server.of(wire.Redeem)
    assert redeem.ticket == "ticket1".ljust(43, "t")
    assert [done[0] for done in at.media.done[2:]] == ["join", "microphone", "hold", "camera"]
    assert at.server.of(wire.MediaState)[-1].camera is True
    assert (at.meeting.you.camera, at.meeting.you.microphone) == (True, True)


async def test_feeds_are_received_but_never_ones_own(at: Bench) -> None:
    mine = wire.Feed(id="f0", session="me", audio=True, video=True)
    theirs = wire.Feed(id="f1", session="other", audio=True, video=True)
    await at.inside(mine, theirs)
    assert ("feed_added", "f1", "other") in at.media.done
    assert ("feed_added", "f0", "me") not in at.media.done
    at.server.tell(wire.FeedRemoved(feed="f1"))
    at.server.tell(wire.FeedAdded(feed=wire.Feed(id="f2", session="other", audio=True, video=False)))
    await settle()
    assert at.media.done[-2:] == [("feed_removed", "f1"), ("feed_added", "f2", "other")]


async def test_camera_off_lets_it_go_and_the_others_know(at: Bench) -> None:
    await at.inside()
    await at.meetings.camera(False)
    await at.meetings.microphone(False)
    await settle()
    assert at.media.done[-2:] == [("camera", False), ("microphone", False)]
    told = at.server.of(wire.MediaState)[-1]
    assert (told.camera, told.microphone) == (False, False)
    assert (at.meeting.you.camera, at.meeting.camera_on) == (False, False)


async def test_a_camera_that_fails_is_wanted_and_not_on(at: Bench) -> None:
    at.media.broken_camera = True
    await at.inside()
    assert (at.meeting.camera_on, at.meeting.you.camera) == (True, False)
    assert at.trouble() is Trouble.CAMERA_FAILED
    await at.meetings.camera(False)
    assert at.trouble() is Trouble.NONE


async def test_what_flows_is_shown_with_its_quality(at: Bench) -> None:
    await at.inside()
    at.media.flowing = {"other": (Track("video", "VP8", 640, 360, 25.0, loss=4.0), Track("audio", "opus"))}
    at.media.heard = frozenset({"other"})
    at.media.on_changed()
    [other] = at.meeting.people
    assert other.speaking
    assert [track.codec for track in other.tracks] == ["VP8", "opus"]
    assert at.meeting.quality == 2


async def test_a_knock_and_a_line_of_chat_are_told_once(at: Bench) -> None:
    await at.inside(seat=Seat.HOST)
    person = a_wire_person("s9", state=SessionState.WAITING)
    at.server.tell(wire.PersonChanged(person=person))
    at.server.tell(wire.Knocked(session="s9"))
    assert [event.person.session for event in at.told(Knocked)] == ["s9"]
    at.server.tell(wire.ChatAdded(line=a_chat_line()))
    at.server.tell(wire.ChatAdded(line=a_chat_line()))
    at.server.tell(wire.ChatAdded(line=a_chat_line(2, session="me")))
    assert [event.line.text for event in at.told(ChatArrived)] == ["text 1"]
    assert [line.mine for line in at.meeting.chat] == [False, True]


async def test_the_host_commands_go_out(at: Bench) -> None:
    await at.inside(seat=Seat.HOST)
    at.server.answers = {"admit-all": {"passed_over": 2}, "new-code": {"code": "123456", "expires_in": 600}}
    await at.meetings.admit("a")
    assert await at.meetings.admit_all() == 2
    await at.meetings.decline("b", "Full")
    await at.meetings.put_back("c")
    await at.meetings.remove("d", "Sorry")
    await at.meetings.lobby_say("Soon", "a")
    assert await at.meetings.new_code("other") == "123456"
    kinds = [command.type for command in at.server.commands[-7:]]
    assert kinds == ["admit", "admit-all", "decline", "put-back", "remove", "lobby-say", "new-code"]
    [other] = at.meeting.people
    assert (other.code, other.tries_left) == ("123456", 5)
    at.server.tell(wire.CodeTried(session="other", confirmed=False, tries_left=4))
    assert at.meeting.people[0].tries_left == 4
    at.server.tell(wire.CodeTried(session="other", confirmed=True))
    assert (at.meeting.people[0].code, at.meeting.people[0].code_confirmed) == ("", True)
    await at.meetings.end()
    assert len(at.server.of(wire.End)) == 1
    assert at.meetings.meeting() is None


async def test_a_wrong_code_tells_how_many_tries_are_left(at: Bench) -> None:
    await at.inside()
    at.server.refusals = {"confirm-code": MeetingRefused("wrong-code", tries_left=3)}
    with pytest.raises(MeetingRefused) as refused:
        await at.meetings.confirm(" 123 456 ")
    assert (refused.value.code, refused.value.tries_left) == ("wrong-code", 3)
    assert at.server.of(wire.ConfirmCode)[0].code == "123456"
    with pytest.raises(MeetingRefused) as refused:
        await at.meetings.confirm("12345")
    assert refused.value.code == "bad-request"


async def test_a_phone_call_beside_takes_the_microphone_and_gives_it_back(at: Bench) -> None:
    await at.inside()
    phone = at.doubles.telephony
    call = phone.incoming()
    await settle()
    assert not at.held(), "it only rings"
    phone.establish(call)
    await settle()
    assert at.held()
    assert at.last() == ("hold", True)
    assert at.server.of(wire.MediaState)[-1].microphone is False
    assert at.meeting.microphone_on, "what the person wants stays"
    phone.end(call)
    await settle()
    assert not at.held()
    assert at.last() == ("hold", False)
    assert at.server.of(wire.MediaState)[-1].microphone is True


async def test_a_call_that_ends_while_it_is_dialled_leaves_the_meeting_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_application(tmp_path) as (application, doubles):
        await application.session.sign_in(Credentials("vip.example.com", "0401234567", "a secret of nobody"))
        at, phone, dial = Bench(application.meetings, doubles), doubles.telephony, doubles.telephony.dial
        await at.inside()

        async def ended_at_once(target: str, *, emergency: bool = False) -> str:
            call = await dial(target, emergency=emergency)
            phone.far_end_rings(call)
            phone.end(call)
            return call

        monkeypatch.setattr(phone, "dial", ended_at_once)
        await at.meetings.call_expert()
        await settle()
        assert not at.held()


async def test_a_call_taken_back_at_the_moment_another_ends_is_not_sent_to_the_meeting(at: Bench) -> None:
    await at.inside()
    phone = at.doubles.telephony
    first, second = phone.incoming(), phone.incoming()
    for call in (first, second):
        phone.establish(call)
    phone.media_changed(second, held=True)
    await settle()
    assert at.held()
    phone.end(first)
    phone.media_changed(second, held=False)
    await settle()
    assert at.held()
    assert at.last() == ("hold", True)


async def test_without_a_meeting_there_is_nothing_to_command(at: Bench) -> None:
    for command in (at.meetings.camera(True), at.meetings.say("x"), at.meetings.admit("a")):
        with pytest.raises(CommandRefused) as refused:
            await command
        assert refused.value.code == "no-meeting"
    await at.meetings.leave()
    at.meetings.look("a", 100)


async def test_the_expert_is_called_while_the_meeting_goes_on(at: Bench) -> None:
    await at.inside()
    at.server.tell(wire.Snapshot(picture=replace_picture(at.server.picture, expert_number="")))
    with pytest.raises(CommandRefused) as refused:
        await at.meetings.call_expert()
    assert refused.value.code == "no-number"


def replace_picture(picture: wire.Picture, **appointment: object) -> wire.Picture:
    """The same with another appointment."""
    return picture.model_copy(update={"appointment": a_wire_appointment(**appointment)})
