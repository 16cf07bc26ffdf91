"""Appointments, meetings and their events as the JSON that `ctl` prints. Codes and links' secrets only where
they are asked for."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from softphone.domain.events import (
    AppointmentsChanged,
    ChatArrived,
    Event,
    JoinOffered,
    Knocked,
    LinkOpened,
    MeetingChanged,
)
from softphone.domain.meeting import (
    Appointment,
    ChatLine,
    Invitation,
    JoinOffer,
    Meeting,
    MeetingLink,
    Person,
)

Json = dict[str, object]


def appointment_shape(appointment: Appointment) -> Json:
    """Times in RFC 3339, in the appointment's own offset."""
    return {
        "id": appointment.id,
        "title": appointment.title,
        "description": appointment.description,
        "start": _moment(appointment.start),
        "end": _moment(appointment.end),
        "opens_at": _moment(appointment.opens_at),
        "time_zone": appointment.time_zone,
        "office": appointment.office,
        "host": appointment.host_name,
        "expert_number": appointment.expert_number,
        "seat": appointment.seat.value,
        "lobby": appointment.lobby,
        "demanded": appointment.demanded.value,
        "cancelled": appointment.cancelled,
        "waiting": appointment.waiting,
        "participants": [
            {"id": one.id, "name": one.name, "opened_at": _moment(one.opened_at)}
            for one in appointment.participants
        ],
    }


def made_shape(appointment: Appointment, invitations: tuple[Invitation, ...]) -> Json:
    """The appointment's id, and each new participant's link: it is told this once."""
    return {
        "id": appointment.id,
        "participants": [invitation_shape(invitation) for invitation in invitations],
    }


def invitation_shape(invitation: Invitation) -> Json:
    """A participant with the link, and the text to send."""
    return {
        "id": invitation.participant_id,
        "name": invitation.name,
        "link": invitation.link,
        "text": invitation.text,
    }


def offer_shape(offer: JoinOffer, link: MeetingLink) -> Json:
    """What a link invites to, and where it leads."""
    return {
        "appointment": appointment_shape(offer.appointment),
        "name": offer.name,
        "server": offer.server,
        "listed": link.listed,
        "other_device": offer.other_device,
    }


def meeting_shape(meeting: Meeting | None) -> Json:
    """The meeting this program is in; `state` is none where there is none.

    `participants` are all others one may know of, with what is received of them; `you.tracks` is what is
    sent. `camera` and `microphone` of a person are what truly flows, `camera_on` and `microphone_on` what the
    person here wants.
    """
    if meeting is None:
        return {"state": "none"}
    others = (*meeting.people, *meeting.waiting, *meeting.out)
    return {
        "state": meeting.you.state.value,
        "id": meeting.appointment.id,
        "title": meeting.appointment.title,
        "server": meeting.server,
        "seat": meeting.you.seat.value,
        "place": meeting.place,
        "reason": meeting.reason,
        "trouble": meeting.trouble.value,
        "quality": meeting.quality,
        "held": meeting.held,
        "camera_on": meeting.camera_on,
        "microphone_on": meeting.microphone_on,
        "started_at": _moment(meeting.started_at),
        "you": person_shape(meeting.you),
        "participants": [person_shape(person) for person in others],
        "chat": [chat_shape(line) for line in meeting.chat],
    }


def person_shape(person: Person) -> Json:
    """`id` is what commands take; `tracks` with codec, width, height, fps, freezes and loss in percent."""
    return {
        "id": person.session,
        "participant": person.participant,
        "name": person.name,
        "seat": person.seat.value,
        "state": person.state.value,
        "assurance": person.assurance.value,
        "code_confirmed": person.code_confirmed,
        "camera": person.camera,
        "microphone": person.microphone,
        "speaking": person.speaking,
        "other_device": person.other_device,
        "client": person.client.value,
        "waiting_since": _moment(person.waiting_since),
        "equipment": {name: check.value for name, check in asdict(person.equipment).items()},
        "tracks": [asdict(track) for track in person.tracks],
    }


def chat_shape(line: ChatLine) -> Json:
    """One line; `pending` while the service has not got it."""
    return {
        "id": line.id,
        "from": line.session,
        "name": line.name,
        "text": line.text,
        "at": _moment(line.at),
        "mine": line.mine,
        "lobby": line.lobby,
        "to": line.to,
        "pending": line.pending,
    }


def meeting_event_shape(event: Event) -> Json | None:
    """A meeting's event, or None for another one. The meeting comes without its chat: lines come as such."""
    match event:
        case MeetingChanged(meeting=meeting):
            shape = meeting_shape(meeting)
            shape.pop("chat", None)
            return {"event": "meeting", "meeting": shape}
        case Knocked(person=person):
            return {"event": "knock", "person": person_shape(person)}
        case ChatArrived(line=line):
            return {"event": "chat", "line": chat_shape(line)}
        case AppointmentsChanged():
            return {
                "event": "appointments",
                "available": event.available,
                "stale": event.stale,
                "meetings": [appointment_shape(one) for one in event.appointments],
            }
        case LinkOpened(link=link):
            return {"event": "link", "server": link.server, "listed": link.listed}
        case JoinOffered(offer=offer):
            shown = appointment_shape(offer.appointment)
            return {"event": "offer", "server": offer.server, "name": offer.name, "appointment": shown}
    return None


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None
