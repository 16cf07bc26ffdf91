"""Invitations in the words of the catalogues, and as calendar entries (RFC 5545)."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from babel.core import get_global
from babel.dates import format_date, format_time, get_timezone_location
from icalendar import Calendar, Event

from resources.words import LANGUAGES, SERVICE, Words
from service.domain.appointment import Appointment, Participant
from service.usecases.appointment_view import moment
from service.usecases.ports import Clock
from service_api.appointments import InvitationLink

LOCALES = {"fi": "fi_FI", "sv": "sv_FI", "en": "en_GB"}
"""How dates are written; English as Europeans write it."""

NOWHERE = "ZZ"
"""The territory of zones that have none (CLDR)."""

PRODUCT = "-//Softphone//Company service//EN"


class CatalogueWords:
    """Implements InvitationWords. `public_url` is where the links lead, without a slash at its end."""

    def __init__(self, public_url: str, clock: Clock) -> None:
        self._public_url = public_url
        self._clock = clock
        self._words = {language: Words(language, SERVICE) for language in LANGUAGES}

    def invitation(self, appointment: Appointment, person: Participant, secret: str) -> InvitationLink:
        """See InvitationWords."""
        link = f"{self._public_url}/m#{secret}"
        text = _text(self._words[person.language], appointment, person, link)
        return InvitationLink(
            participant_id=person.participant_id,
            name=person.name,
            link=link,
            text=text,
            ics=self._calendar(appointment, person, link, text),
        )

    def _calendar(self, appointment: Appointment, person: Participant, link: str, text: str) -> str:
        event = Event()
        event.add("uid", f"{person.participant_id}@{urlsplit(self._public_url).hostname}")
        event.add("dtstamp", moment(int(self._clock.time())))
        event.add("dtstart", moment(int(appointment.start)))
        event.add("dtend", moment(int(appointment.end)))
        event.add("sequence", appointment.sequence)
        event.add("summary", appointment.title)
        event.add("description", text)
        event.add("location", link)
        event.add("url", link)
        calendar = Calendar()
        calendar.add("prodid", PRODUCT)
        calendar.add("version", "2.0")
        calendar.add("method", "PUBLISH")
        calendar.add_component(event)
        return bytes(calendar.to_ical()).decode("utf-8")


def when(language: str, appointment: Appointment) -> str:
    """The time as people there write it: weekday, date, from and to, and whose time it is."""
    locale = LOCALES[language]
    zone = ZoneInfo(appointment.time_zone)
    start, end = (moment(time).astimezone(zone) for time in (appointment.start, appointment.end))
    until = _time(end, locale)
    if end.date() != start.date():
        until = f"{format_date(end.date(), 'full', locale=locale)} {until}"
    day = format_date(start.date(), "full", locale=locale)
    return f"{day} {_time(start, locale)} – {until} ({_whose(zone, locale)})"


def _whose(zone: ZoneInfo, locale: str) -> str:
    """The place whose time it is; UTC and its like are nobody's."""
    usual = get_global("zone_aliases").get(zone.key, zone.key)
    if get_global("zone_territories").get(usual, NOWHERE) == NOWHERE:
        return zone.key.rpartition("/")[2]
    return str(get_timezone_location(zone, locale=locale))


def _time(time: datetime, locale: str) -> str:
    return str(format_time(time.time(), "short", locale=locale))


def _text(words: Words, appointment: Appointment, person: Participant, link: str) -> str:
    _ = words._
    minutes = round(appointment.window.before_s / 60)
    host = ", ".join(filter(None, (appointment.host_name, appointment.office)))
    parts = [
        _("Hello {name},").format(name=person.name),
        _("You are invited to a remote meeting: {title}").format(title=appointment.title),
        _("Time: {time}").format(time=when(words.language, appointment))
        + "\n"
        + _("Expert: {host}").format(host=host),
        appointment.description.strip(),
        _("Join by this link. It opens {minutes} minutes before the start:").format(minutes=minutes)
        + "\n"
        + link,
        _("The link is yours alone: please don't pass it on. You can test your equipment with it first."),
    ]
    if appointment.expert_number:
        number = appointment.expert_number
        parts.append(_("If something does not work, phone {number}.").format(number=number))
    return "\n\n".join(filter(None, parts)) + "\n"
