"""Chat, the lobby's messages, confirmation codes, and what the store's faults do to them."""

from __future__ import annotations

import pytest

from service.domain.confirmation import TRIES
from service.domain.errors import ServiceError
from service.domain.scene import CHAT_BYTES
from service.usecases import chat
from service_api.meeting import (
    SIZE_LIMIT,
    Admit,
    ChatAdded,
    CodeTried,
    ConfirmCode,
    Knock,
    Leave,
    LobbySay,
    MediaState,
    NewCode,
    PutBack,
    Redeem,
    Say,
    Snapshot,
)
from service_api.states import Assurance, SessionState
from tests.doubles.meeting_hall import HOST, Client, Hall, a_guest


@pytest.fixture
def hall() -> Hall:
    return Hall()


async def inside(hall: Hall, host: Client, number: int = 1) -> Client:
    guest = await hall.waiting(a_guest(number))
    await host.done(Admit, session=guest.session)
    return guest


async def test_the_code_goes_to_the_host_alone_and_confirms_once(hall: Hall) -> None:
    host = await hall.host()
    guest, other = await inside(hall, host, 1), await inside(hall, host, 2)
    made = await host.done(NewCode, session=guest.session)
    assert (made.code, made.expires_in) == (hall.chance.code, 600)
    assert hall.chance.code not in repr(made)
    assert not any(hall.chance.code in one.model_dump_json() for one in (*guest.told, *other.told))
    assert (await other.refused(ConfirmCode, code=made.code)).code == "no-code"
    await guest.done(ConfirmCode, code=made.code)
    assert guest.picture.you.code_confirmed
    assert host.sees()[guest.session].code_confirmed
    assert guest.picture.you.assurance is Assurance.LINK
    assert [(one.session, one.confirmed) for one in host.events(CodeTried)] == [(guest.session, True)]
    assert (await guest.refused(ConfirmCode, code=made.code)).code == "no-code"


async def test_six_wrong_codes(hall: Hall) -> None:
    host = await hall.host()
    guest = await inside(hall, host)
    await host.done(NewCode, session=guest.session)
    answers = [await guest.refused(ConfirmCode, code="000000") for _ in range(6)]
    assert [one.tries_left for one in answers] == [4, 3, 2, 1, 0, 0]
    assert [one.code for one in answers] == ["wrong-code"] * TRIES + ["too-many-tries"]
    assert [one.tries_left for one in host.events(CodeTried)] == [4, 3, 2, 1, 0]
    assert (await guest.refused(ConfirmCode, code=hall.chance.code)).code == "too-many-tries"
    hall.chance.code = "271828"
    await host.done(NewCode, session=guest.session)
    await guest.done(ConfirmCode, code="271828")


async def test_tries_are_kept_over_a_restart(hall: Hall) -> None:
    host = await hall.host()
    guest = await inside(hall, host)
    await host.done(NewCode, session=guest.session)
    for _ in range(3):
        await guest.refused(ConfirmCode, code="000000")
    await hall.restart()
    guest = await hall.open(a_guest())
    assert (await guest.refused(ConfirmCode, code="000000")).tries_left == 1
    await guest.done(ConfirmCode, code=hall.chance.code)
    await hall.restart()
    assert (await hall.open(a_guest())).picture.you.code_confirmed


async def test_a_new_code_ends_the_former_and_an_old_one_is_over(hall: Hall) -> None:
    host = await hall.host()
    guest = await inside(hall, host)
    await host.done(NewCode, session=guest.session)
    hall.chance.code = "271828"
    await host.done(NewCode, session=guest.session)
    assert (await guest.refused(ConfirmCode, code="314159")).code == "wrong-code"
    hall.clock.advance(600)
    assert (await guest.refused(ConfirmCode, code="271828")).code == "code-expired"


async def test_codes_are_for_participants_inside(hall: Hall) -> None:
    host = await hall.host()
    waiting = await hall.waiting(a_guest(1))
    guest = await inside(hall, host, 2)
    assert (await host.refused(NewCode, session=waiting.session)).code == "wrong-state"
    assert (await host.refused(NewCode, session=host.session)).code == "wrong-state"
    assert (await host.refused(NewCode, session="nobody")).code == "not-found"
    assert (await guest.refused(NewCode, session=guest.session)).code == "not-allowed"
    assert (await host.refused(ConfirmCode, code="314159")).code == "wrong-state"
    assert (await waiting.refused(ConfirmCode, code="314159")).code == "wrong-state"
    assert (await guest.refused(ConfirmCode, code="314159")).code == "no-code"


@pytest.mark.parametrize("text", ["It is 314159", "3-1-4-1-5-9", "３１４ １５９"])
async def test_a_live_code_is_withheld_from_every_chat(hall: Hall, text: str) -> None:
    host = await hall.host()
    guest, waiting = await inside(hall, host, 1), await hall.waiting(a_guest(2))
    await host.done(NewCode, session=guest.session)
    assert (await host.refused(Say, text=text)).code == "code-in-chat"
    assert (await host.refused(LobbySay, text=text)).code == "code-in-chat"
    assert not hall.store.lines
    await guest.done(ConfirmCode, code="314159")
    for client, kind in ((guest, Say), (waiting, LobbySay)):
        await host.done(NewCode, session=guest.session)
        assert (await client.refused(kind, text=text)).code == "code-in-chat"
    assert not hall.store.lines
    await host.done(Say, text=text)


async def test_a_code_somebody_wrote_into_the_chat_is_worth_nothing_and_the_host_is_told(hall: Hall) -> None:
    host = await hall.host()
    guest, other = await inside(hall, host, 1), await inside(hall, host, 2)
    await host.done(NewCode, session=guest.session)
    hall.chance.code = "271828"
    await host.done(NewCode, session=other.session)
    others = "".join(str(number) for number in range(500000, 500300))
    assert (await guest.refused(Say, text=f"{others}314159")).code == "code-in-chat"
    told = [(one.session, one.confirmed, one.tries_left) for one in host.events(CodeTried)]
    assert told == [(guest.session, False, 0)]
    assert (await guest.refused(ConfirmCode, code="314159")).code == "code-expired"
    await hall.restart()
    host, guest, other = await hall.open(HOST), await hall.open(a_guest(1)), await hall.open(a_guest(2))
    assert (await guest.refused(ConfirmCode, code="314159")).code == "code-expired"
    await other.done(ConfirmCode, code="271828")
    hall.chance.code = "161803"
    await host.done(NewCode, session=guest.session)
    await guest.done(ConfirmCode, code="161803")


async def test_the_host_who_writes_a_code_into_the_chat_need_not_make_a_new_one(hall: Hall) -> None:
    host = await hall.host()
    guest = await inside(hall, host)
    await host.done(NewCode, session=guest.session)
    assert (await host.refused(Say, text="Type 314159")).code == "code-in-chat"
    assert not host.events(CodeTried)
    await guest.done(ConfirmCode, code="314159")


async def test_what_is_said_inside_is_told_to_those_who_were_inside(hall: Hall) -> None:
    host = await hall.host()
    first = await inside(hall, host, 1)
    second = await hall.waiting(a_guest(2))
    await host.done(Say, text="before")
    await host.done(Admit, session=second.session)
    await host.done(PutBack, session=first.session)
    await host.done(Say, text="between us")
    await host.done(Admit, session=first.session)
    await host.done(Say, text="all")
    assert [one.text for one in first.picture.chat] == ["before", "all"]
    assert [one.text for one in second.picture.chat] == ["between us", "all"]
    assert [one.text for one in host.picture.chat] == ["before", "between us", "all"]
    assert [one.text for one in first.events(Snapshot)[-1].picture.chat] == ["before"]


async def test_who_may_speak_where(hall: Hall) -> None:
    host = await hall.host()
    prejoin, waiting = await hall.open(a_guest(1)), await hall.waiting(a_guest(2))
    guest = await inside(hall, host, 3)
    for client in (prejoin, waiting):
        assert (await client.refused(Say, text="x")).code == "wrong-state"
    for client in (prejoin, guest):
        assert (await client.refused(LobbySay, text="x")).code == "wrong-state"
    assert (await waiting.refused(LobbySay, text="x", session=guest.session)).code == "wrong-state"
    assert (await host.refused(LobbySay, text="x", session=guest.session)).code == "wrong-state"
    assert (await guest.refused(Say, text=" \n ")).code == "bad-request"


async def test_ten_lines_at_once_and_one_more_each_second(hall: Hall) -> None:
    host = await hall.host()
    for number in range(10):
        await host.done(Say, text=str(number))
    assert (await host.refused(Say, text="x")).code == "too-many-tries"
    hall.clock.advance(1)
    await host.done(Say, text="x")


async def test_ten_lines_at_once_are_for_a_person_with_all_their_devices(hall: Hall) -> None:
    await hall.host()
    for number in range(2):
        guest = await hall.waiting(a_guest(place=f"device{number}"))
        for _ in range(5):
            await guest.done(LobbySay, text="x")
        await guest.done(Leave)
    guest = await hall.waiting(a_guest(place="another"))
    assert (await guest.refused(LobbySay, text="x")).code == "too-many-tries"
    await (await hall.waiting(a_guest(2))).done(LobbySay, text="x")


async def test_those_who_wait_leave_half_of_the_chat_to_those_inside(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat, "MOST_LINES", 5)
    monkeypatch.setattr(chat, "MOST_LINES_WAITING", 2)
    host, waiting = await hall.host(), await hall.waiting(a_guest())
    for _ in range(2):
        await waiting.done(LobbySay, text="x")
    assert (await waiting.refused(LobbySay, text="x")).code == "too-many-tries"
    await host.done(LobbySay, text="One moment", session=waiting.session)
    for _ in range(2):
        await host.done(Say, text="x")
    assert (await host.refused(Say, text="x")).code == "too-many-tries"


async def test_a_long_talk_fits_into_one_message(hall: Hall) -> None:
    host = await hall.host()
    for number in range(60):
        hall.clock.advance(2)
        await host.done(Say, text=f"{number:02}" + "\N{EURO SIGN}\n" * 900)
    back = await hall.open(HOST)
    assert len(back.told[0].model_dump_json().encode()) < SIZE_LIMIT
    assert back.picture.chat[-1].text.startswith("59")
    assert CHAT_BYTES < SIZE_LIMIT / 2


async def test_what_could_not_be_kept_did_not_happen(hall: Hall, caplog: pytest.LogCaptureFixture) -> None:
    host = await hall.host()
    guest = await inside(hall, host)
    hall.store.broken = True
    assert (await guest.refused(Say, text="lost")).code == "server-error"
    assert (await host.refused(PutBack, session=guest.session)).code == "server-error"
    assert (await guest.refused(MediaState, camera=True, microphone=True)).code == "server-error"
    assert guest.state() is SessionState.ADMITTED
    assert not host.events(ChatAdded)
    same = Say(id="same", text="kept")
    assert (await guest.send(same)).type == "refused"
    hall.store.broken = False
    assert (await guest.send(same)).type == "done"
    assert [one.line.text for one in host.events(ChatAdded)] == ["kept"]
    assert "Say failed" in caplog.text and "lost" not in caplog.text


async def test_a_second_tab_that_can_not_be_kept_takes_nothing_over(hall: Hall) -> None:
    guest = await hall.waiting(a_guest())
    hall.store.broken = True
    with pytest.raises(ServiceError):
        await hall.open(a_guest())
    assert guest.ended_by() is None
    hall.store.broken = False
    await guest.done(LobbySay, text="still here")


async def test_media_is_cut_even_where_the_removal_can_not_be_kept(hall: Hall) -> None:
    host = await hall.host()
    guest = await inside(hall, host)
    await guest.done(Redeem, ticket=guest.ticket)
    hall.store.broken = True
    await host.refused(PutBack, session=guest.session)
    assert hall.engine.names() == {host.session}


async def test_a_connection_that_is_lost_while_the_disk_is_full_is_lost_all_the_same(hall: Hall) -> None:
    host = await hall.host()
    guest = await inside(hall, host)
    hall.store.broken = True
    await hall.lose(guest)
    assert host.sees()[guest.session].state is SessionState.RECONNECTING
    await hall.after(60)
    hall.store.broken = False
    await hall.after(1)
    assert host.sees()[guest.session].state is SessionState.LEFT


async def test_rooms_nobody_is_in_are_let_go(hall: Hall) -> None:
    guest = await hall.open(a_guest())
    await guest.done(Knock)
    await hall.lose(guest)
    await hall.after(60)
    assert not hall.meetings.rooms()
    assert (await hall.open(a_guest())).state() is SessionState.PREJOIN
    assert hall.meetings.rooms()
