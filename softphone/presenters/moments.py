"""Times and durations as a person reads them."""

from __future__ import annotations

from datetime import datetime, tzinfo

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


def _local(at: float, zone: tzinfo | None) -> datetime:
    return datetime.fromtimestamp(at, zone) if zone is not None else datetime.fromtimestamp(at).astimezone()
