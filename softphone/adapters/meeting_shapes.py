"""Appointments between the wire and the program. Loads pydantic, so it is loaded with the first question."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from pydantic import ValidationError

from service_api import accounts
from service_api import appointments as wire
from service_api.model import Wire
from service_api.states import MeetingRefusal
from softphone.domain.errors import MeetingRefused
from softphone.domain.meeting import Appointment, AppointmentWish, Invitation, JoinOffer
from softphone.services.meeting_state import appointment_of

T = TypeVar("T", bound=Wire)


def prepare() -> None:
    """What takes long the first time; for a thread, before anything here is asked."""
    wire.time_zones()


def token_request(device_id: str, refresh_token: str) -> bytes:
    """Raises MeetingRefused for what no service issued."""
    return _written(lambda: accounts.TokenRequest(device_id=device_id, refresh_token=refresh_token))


def read_tokens(body: bytes) -> tuple[str, int, str]:
    """Access token, its seconds, the next refresh token."""
    read = _read(accounts.Tokens, body)
    return read.access_token, read.expires_in, read.refresh_token


def draft(wish: AppointmentWish) -> bytes:
    """Raises MeetingRefused (bad-request) for what no appointment can have."""
    return _written(
        lambda: wire.AppointmentDraft(
            draft_id=wish.draft_id,
            title=wish.title,
            description=wish.description,
            start=wish.start,
            end=wish.end,
            time_zone=wish.time_zone,
            office=wish.office,
            expert_number=wish.expert_number,
            lobby=wish.lobby,
            demanded=wish.demanded,
            participants=tuple(
                wire.InviteeDraft(
                    name=one.name,
                    email=one.email,
                    phone=one.phone,
                    language=one.language,
                    id=one.id or None,
                )
                for one in wish.participants
            ),
        )
    )


def read_list(body: bytes) -> tuple[Appointment, ...]:
    """Oldest start first."""
    found = _read(wire.AppointmentList, body).appointments
    return tuple(sorted(map(appointment_of, found), key=lambda one: (one.start, one.id)))


def read_made(body: bytes) -> tuple[Appointment, tuple[Invitation, ...]]:
    """The appointment, and a link for each of its new participants."""
    made = _read(wire.AppointmentMade, body)
    return appointment_of(made.appointment), tuple(_invitation(link) for link in made.links)


def read_link(body: bytes) -> Invitation:
    """A participant's new link."""
    return _invitation(_read(wire.InvitationLink, body))


def link_exchange(secret: str, device_name: str, device_token: str) -> bytes:
    """Raises MeetingRefused for a secret that can't be one."""
    return _written(
        lambda: wire.LinkExchange(
            secret=secret, client="program", device_name=device_name, device_token=device_token or None
        ),
        MeetingRefusal.LINK_UNKNOWN,
    )


def read_exchanged(body: bytes, server: str) -> tuple[JoinOffer, str]:
    """What the link invites to, and this device's token. `server` is where we asked, whatever it calls
    itself."""
    read = _read(wire.LinkExchanged, body)
    if not read.token:
        raise MeetingRefused(MeetingRefusal.SERVER_ERROR)
    invitation = read.invitation
    offer = JoinOffer(
        appointment_of(invitation.appointment), invitation.name, server, invitation.other_device
    )
    return offer, read.token


def _invitation(found: wire.InvitationLink) -> Invitation:
    return Invitation(found.participant_id, found.name, found.link, found.text, found.ics)


def _written(make: Callable[[], Wire], refusal: MeetingRefusal = MeetingRefusal.BAD_REQUEST) -> bytes:
    try:
        return make().model_dump_json(exclude_none=True).encode()
    except ValidationError:
        raise MeetingRefused(refusal) from None


def _read(kind: type[T], body: bytes) -> T:
    try:
        return kind.model_validate_json(body)
    except ValidationError:
        raise MeetingRefused(MeetingRefusal.SERVER_ERROR) from None
