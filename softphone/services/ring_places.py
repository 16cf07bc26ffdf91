"""Where a call would ring now, one id for each output, for trying it."""

from __future__ import annotations

from softphone.domain.device import ANY_OUTPUT, SYSTEM_DEFAULT, DeviceState


def ring_places(state: DeviceState) -> tuple[str, ...]:
    """Ids to try the ring on. Where nothing chosen is there, the system's output rings, as in a call."""
    outputs = {device.id: device for device in state.outputs}
    if ANY_OUTPUT in state.ring:
        return tuple(outputs)
    there = tuple(place for place in state.ring if place == SYSTEM_DEFAULT or place in outputs)
    if there:
        return there
    system = {device.name for device in outputs.values() if device.is_default_output}
    return (SYSTEM_DEFAULT,) if system & set(state.ring_used) else state.ring


def places_away(state: DeviceState) -> bool:
    """Whether some place that should ring is not plugged in; files are used though nobody lists them."""
    known = {SYSTEM_DEFAULT, ANY_OUTPUT, *(device.id for device in state.outputs)}
    unlisted = [place for place in state.ring if place not in known]
    if not unlisted:
        return False
    return len(set(state.ring_used)) < len(state.ring) or ring_places(state) == (SYSTEM_DEFAULT,)
