"""Times and durations as a person reads them."""

from __future__ import annotations

import math
from datetime import datetime, timedelta, tzinfo

from resources.words import Words, marked

WEEKDAYS = (
    marked("Mon"),
    marked("Tue"),
    marked("Wed"),
    marked("Thu"),
    marked("Fri"),
    marked("Sat"),
    marked("Sun"),
)
LONG_WEEKDAYS = (
    marked("Monday"),
    marked("Tuesday"),
    marked("Wednesday"),
    marked("Thursday"),
    marked("Friday"),
    marked("Saturday"),
    marked("Sunday"),
)


def timer(seconds: float) -> str:
    """A running time: 02:14, 1:02:14."""
    whole = max(0, int(seconds))
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"


def duration(words: Words, seconds: float) -> str:
    """How long a call was: 45 s, 3 min, 1 h 5 min."""
    whole = max(0, round(seconds))
    if whole < 60:
        return words._("{seconds} s").format(seconds=whole)
    if whole < 3600:
        return words._("{minutes} min").format(minutes=round(whole / 60))
    return words._("{hours} h {minutes} min").format(hours=whole // 3600, minutes=whole % 3600 // 60)


def clock_time(words: Words, moment: datetime) -> str:
    """A time of day as the language writes it."""
    return words._("{hour:02}:{minute:02}").format(hour=moment.hour, minute=moment.minute)


def when(words: Words, at: float, now: float, zone: tzinfo | None = None) -> str:
    """When something was: the time today, the weekday within a week, else the date. Unix times."""
    moment, today = _local(at, zone), _local(now, zone)
    days = (today.date() - moment.date()).days
    if days == 0:
        return clock_time(words, moment)
    if days == 1:
        return words._("Yesterday")
    if 1 < days < 7:
        return words._(WEEKDAYS[moment.weekday()])
    if moment.year == today.year:
        return words._("{day}.{month}.").format(day=moment.day, month=moment.month)
    return words._("{day}.{month}.{year}").format(day=moment.day, month=moment.month, year=moment.year)


def day(words: Words, moment: datetime, today: datetime) -> str:
    """A day near by its name, else the weekday with the date. Both moments are in one zone."""
    days = (moment.date() - today.date()).days
    near = {-1: words._("Yesterday"), 0: words._("Today"), 1: words._("Tomorrow")}
    if days in near:
        return near[days]
    form = words._("{weekday} {day}.{month}.")
    if moment.year != today.year:
        form = words._("{weekday} {day}.{month}.{year}")
    weekday = words._(LONG_WEEKDAYS[moment.weekday()])
    return form.format(weekday=weekday, day=moment.day, month=moment.month, year=moment.year)


def same_day(one: float, other: float, zone: tzinfo | None = None) -> bool:
    """Whether two Unix times are on one day here."""
    return _local(one, zone).date() == _local(other, zone).date()


def span(words: Words, start: datetime, end: datetime, now: float, zone: tzinfo | None = None) -> str:
    """When an appointment is, in this computer's zone: "Tuesday 24.11. 10:00–11:15". `now` is Unix time."""
    first, last = start.astimezone(zone), end.astimezone(zone)
    closing = clock_time(words, last)
    if last.date() != first.date():
        closing = f"{day(words, last, first - timedelta(days=7))} {closing}"
    return f"{day(words, first, _local(now, zone))} {clock_time(words, first)}–{closing}"


def left(words: Words, seconds: float) -> str:
    """How long until something, never less than there is: 45 s, 12 min, 2 h 5 min, 3 days."""
    whole = max(0, math.ceil(seconds))
    if whole <= 60:
        return words._("{seconds} s").format(seconds=whole)
    minutes = math.ceil(whole / 60)
    if minutes < 60:
        return words._("{minutes} min").format(minutes=minutes)
    if minutes < 24 * 60:
        return words._("{hours} h {minutes} min").format(hours=minutes // 60, minutes=minutes % 60)
    days = minutes // (24 * 60)
    return words.n("{count} day", "{count} days", days).format(count=days)


def _local(at: float, zone: tzinfo | None) -> datetime:
    return datetime.fromtimestamp(at, zone) if zone is not None else datetime.fromtimestamp(at).astimezone()
