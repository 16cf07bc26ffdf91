"""A meeting between two headless programs, through the real service and its media engine."""

from __future__ import annotations

import time

import pytest

from softphone.control.protocol import ControlError
from tests.e2e.meeting_rig import (
    Attendee,
    Company,
    Json,
    an_hour_from_now,
    company,
    customer,
    host,
    keyring,
)

pytestmark = [pytest.mark.peer, pytest.mark.timeout(240)]

__all__ = ["company", "customer", "host", "keyring"]

BACK_S = 5.0


def invited(host: Attendee, **members: object) -> tuple[str, list[Json]]:
    """An appointment's id, and its participants with their links."""
    made = host.ask("create", appointment=an_hour_from_now(**members))
    return made["id"], made["participants"]


def both_inside(host: Attendee, customer: Attendee) -> tuple[str, str]:
    """Host and customer in a meeting, both seen; the customer's session and link."""
    appointment, [guest] = invited(host)
    host.ask("open", target=appointment)
    host.ask("join", camera="on", microphone="on")
    host.is_in("connected")
    customer.ask("open", target=guest["link"])
    customer.ask("join", camera="on", microphone="on")
    [waiting] = host.until(lambda status: waits(status), "a knock")["participants"]
    host.ask("admit", id=waiting["id"])
    customer.is_in("connected")
    host.sees()
    customer.sees()
    return waiting["id"], guest["link"]


def waits(status: Json) -> list[Json]:
    """Who waits."""
    return [one for one in status["participants"] if one["state"] == "waiting"]


def test_from_the_appointment_to_goodbye(host: Attendee, customer: Attendee) -> None:
    appointment, [guest] = invited(host)
    assert guest["name"] == "Casper Customer"
    listed = host.program.control("meetings")
    assert appointment in [one["id"] for one in listed["meetings"]]

    offer = customer.ask("open", target=f" <{guest['link']}>\n")
    assert (offer["name"], offer["appointment"]["title"]) == ("Casper Customer", "Loan advice")
    assert customer.status["state"] == "prejoin"
    assert customer.ask("join", camera="off", microphone="on")["state"] in ("prejoin", "waiting")
    customer.is_in("waiting")

    host.ask("open", target=appointment)
    host.ask("join", camera="on", microphone="on")
    host.is_in("connected")
    [waiting] = host.ask("lobby")["waiting"]
    assert (waiting["name"], waiting["assurance"]) == ("Casper Customer", "link")
    assert not customer.status["participants"], "who waits sees nobody"
    host.ask("say-lobby", text="One moment please", to=waiting["id"], id=waiting["id"])
    customer.until(lambda status: [1 for line in status["chat"] if line["lobby"]], "a word from the host")
    host.ask("admit", id=guest["id"])

    customer.is_in("connected")
    track = customer.sees()
    assert track["codec"].upper() == "VP8"
    customer.sees("audio")
    host.sees("audio")
    [seen] = host.until(lambda status: status["participants"], "the customer")["participants"]
    assert (seen["camera"], seen["microphone"]) == (False, True)
    customer.ask("camera", on="on")
    host.sees()

    code = host.ask("code")["code"]
    with pytest.raises(ControlError) as refused:
        customer.ask("confirm", code="000000" if code != "000000" else "111111")
    assert refused.value.code == "wrong-code"
    with pytest.raises(ControlError) as refused:
        host.ask("chat", text=f"It is {code}")
    assert refused.value.code == "code-in-chat"
    assert customer.ask("confirm", code=f"{code[:3]} {code[3:]}")["confirmed"]
    host.until(lambda status: status["participants"][0]["code_confirmed"], "the code confirmed")

    customer.ask("chat", text="Good morning")
    host.until(lambda status: "Good morning" in [line["text"] for line in status["chat"]], "the line")
    knocks, lines = host.program.events("knock"), host.program.events("chat")
    assert len(lines) == 1
    assert len(knocks) <= 1

    customer.ask("leave")
    assert customer.status == {"state": "none"}
    host.until(lambda status: not status["participants"], "the customer gone")
    host.ask("end")
    assert host.status == {"state": "none"}
    with pytest.raises(ControlError) as refused:
        customer.ask("open", target=guest["link"])
    assert refused.value.code == "meeting-over"
    for attendee in (host, customer):
        attendee.has_nowhere(guest["link"].partition("#")[2], code)


def test_who_ends_the_program_has_said_goodbye(host: Attendee, customer: Attendee) -> None:
    both_inside(host, customer)
    assert customer.program.terminate() == 0
    host.until(lambda status: not status["participants"], "the customer gone at once", 3)
    assert host.program.terminate() == 0


def test_the_service_killed_and_started_again(company: Company, host: Attendee, customer: Attendee) -> None:
    """Within five seconds of its return everybody is in, seen, and as they were; nobody in the lobby."""
    session, _ = both_inside(host, customer)
    customer.ask("microphone", on="off")
    host.until(lambda status: not status["participants"][0]["microphone"], "the customer muted")
    company.service.kill()
    customer.until(lambda status: status["trouble"] == "service-away", "the service missed")
    for number in range(3):
        customer.ask("chat", text=f"while away {number}")
    company.service.start()
    began = time.monotonic()
    for one in (host, customer):
        one.until(lambda status: status["state"] == "connected" and not status["trouble"], "back", 10)
    host.sees()
    customer.sees()
    took = time.monotonic() - began
    assert took < BACK_S, f"{took:.1f} s"
    assert host.ask("lobby")["waiting"] == []
    [seen] = host.until(lambda status: status["participants"], "the customer")["participants"]
    assert (seen["id"], seen["camera"], seen["microphone"]) == (session, True, False)
    told = host.until(lambda status: len(status["chat"]) == 3, "what was typed")["chat"]
    assert [line["text"] for line in told] == [f"while away {number}" for number in range(3)]
    host.ask("end")


def test_the_media_engine_killed(company: Company, host: Attendee, customer: Attendee) -> None:
    """Nobody's place is touched; pictures are back soon."""
    both_inside(host, customer)
    began = time.monotonic()
    company.kill_engine()
    for one in (host, customer):
        one.program.wait_for(lambda event: event.get("meeting", {}).get("trouble") == "media-away")
        one.until(lambda status: not status["trouble"], "media back", 10)
    host.sees()
    customer.sees()
    assert time.monotonic() - began < 2 * BACK_S
    assert host.ask("lobby")["waiting"] == []
    host.ask("end")


def test_a_phone_call_beside_the_meeting(company: Company, host: Attendee, customer: Attendee) -> None:
    both_inside(host, customer)
    with company.expert_answers():
        call = host.ask("call")["id"]
        host.program.call_in("active")
        host.until(lambda status: status["held"], "held")
        seen = customer.until(lambda status: not status["participants"][0]["microphone"], "the host muted")
        assert seen["participants"][0]["camera"], "the meeting goes on"
        assert host.status["state"] == "connected"
        host.program.control("hangup", id=call)
        host.program.no_calls()
    host.until(lambda status: not status["held"], "the microphone back")
    customer.until(lambda status: status["participants"][0]["microphone"], "the host heard")
    host.ask("end")


def test_a_program_killed_takes_its_place_back(host: Attendee, customer: Attendee) -> None:
    session, link = both_inside(host, customer)
    customer.ask("camera", on="off")
    host.until(lambda status: not status["participants"][0]["camera"], "the camera off")
    customer.program.kill()
    host.until(lambda status: status["participants"][0]["state"] == "reconnecting", "the customer missed")
    customer.program.start()
    assert customer.status == {"state": "none"}
    customer.ask("open", target=link)
    back = customer.is_in("connected")
    assert (back["camera_on"], back["microphone_on"]) == (False, True)
    customer.sees()
    [seen] = host.until(
        lambda status: [one for one in status["participants"] if one["state"] == "connected"], "them back"
    )["participants"]
    assert (seen["id"], seen["camera"], seen["other_device"]) == (session, False, False)
    assert host.ask("lobby")["waiting"] == []
    host.ask("end")


def test_a_host_killed_takes_the_meeting_back(host: Attendee, customer: Attendee) -> None:
    both_inside(host, customer)
    appointment = host.status["id"]
    host.program.kill()
    customer.until(lambda status: status["participants"][0]["state"] == "reconnecting", "the host missed")
    host.program.start()
    host.program.line_is("registered", 20)
    host.ask("open", target=appointment)
    host.is_in("connected")
    host.sees()
    customer.sees()
    host.ask("end")


def test_removed_hears_and_sees_nothing_more(host: Attendee, customer: Attendee) -> None:
    session, _ = both_inside(host, customer)
    host.ask("put-back", id=session)
    customer.is_in("waiting")
    assert customer.status["you"]["tracks"] == []
    host.ask("admit", id="all")
    customer.is_in("connected")
    host.sees()
    host.ask("remove", id=session, reason="Thank you")
    status = customer.is_in("removed")
    assert (status["reason"], status["participants"]) == ("Thank you", [])
    with pytest.raises(ControlError) as refused:
        customer.ask("chat", text="still here?")
    assert refused.value.code in ("wrong-state", "not-allowed")
    customer.ask("leave")
    host.ask("end")


def test_the_second_sign_in_of_an_account_reads_the_same_appointments(
    company: Company, host: Attendee
) -> None:
    appointment, _ = invited(host)
    assert host.program.terminate() == 0
    host.program.start()
    host.program.line_is("registered", 20)
    listed = host.program.control("meetings")
    assert listed["available"]
    assert appointment in [one["id"] for one in listed["meetings"]]
    host.ask("cancel", id=appointment)
    host.program.control("sign-out")
    assert host.program.control("meetings") == {"available": False, "stale": False, "meetings": []}
