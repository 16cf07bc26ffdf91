"""What flows of everybody in a meeting, measured here, and how good that is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from softphone.domain.meeting import Meeting, Person, Track
from softphone.ports.meetings import MeetingMedia

GOOD_LOSS, FAIR_LOSS, BAD_LOSS = 1.0, 3.0, 8.0
"""Percent of packets: below the first nobody notices, above the last nobody understands."""

FEW_FPS = 5.0


def measured(meeting: Meeting, media: MeetingMedia) -> Meeting:
    """The meeting with tracks, who speaks, and the quality of the worst that is received."""
    speaking = media.speaking()

    def seen(person: Person, session: str) -> Person:
        return replace(person, speaking=session in speaking, tracks=media.tracks(session))

    people = tuple(seen(person, person.session) for person in meeting.people)
    received = [track for person in people for track in person.tracks]
    return replace(meeting, you=seen(meeting.you, ""), people=people, quality=quality(received))


def quality(tracks: Iterable[Track]) -> int:
    """4 good … 1 bad, 0 where nothing is received."""
    return min((_track_quality(track) for track in tracks), default=0)


def _track_quality(track: Track) -> int:
    steps = (GOOD_LOSS, FAIR_LOSS, BAD_LOSS)
    by_loss = 4 - sum(track.loss >= step for step in steps)
    slow = track.kind == "video" and 0 < track.fps < FEW_FPS
    return min(by_loss, 2) if slow else by_loss
