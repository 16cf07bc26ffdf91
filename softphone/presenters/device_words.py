"""Devices in words: what drop-downs offer, what is used and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from resources.words import Words
from softphone.domain.device import IN_EAR, SYSTEM_DEFAULT, Device, DeviceState, Reason, Role, Standing
from softphone.presenters.parts import Option, Sign, Tone


@dataclass(frozen=True, slots=True)
class RoleState:
    """One role as it stands. `devices` can fill it now; those that only the list names (files) are among
    them while they are in use."""

    role: Role
    wishes: tuple[str, ...]
    devices: tuple[Device, ...]
    used: str
    standing: Standing
    system: str = ""
    """The name of the system's device, "" where it names none."""
    ear: str = ""
    """The name of the speaker in use."""


def roles_of(state: DeviceState) -> dict[Role, RoleState]:
    """The roles that have a list."""
    hearing, playing = state.inputs, state.outputs
    system_input = next((d.name for d in hearing if d.is_default_input), "")
    system_output = next((d.name for d in playing if d.is_default_output), "")
    rows = (
        (Role.MICROPHONE, state.microphone, hearing, state.microphone_used, state.microphone_why),
        (Role.SPEAKER, state.speaker, playing, state.speaker_used, state.speaker_why),
        (Role.ALERT, state.alert, playing, state.alert_used, state.alert_why),
    )
    return {
        role: RoleState(
            role,
            wishes or (IN_EAR if role is Role.ALERT else SYSTEM_DEFAULT,),
            _with_named(devices, used, why),
            used,
            why,
            system_input if role is Role.MICROPHONE else system_output,
            state.speaker_used,
        )
        for role, wishes, devices, used, why in rows
    }


def _with_named(devices: tuple[Device, ...], used: str, why: Standing) -> tuple[Device, ...]:
    listed = not why.used or any(device.id == why.used for device in devices)
    return devices if listed else (*devices, Device(why.used, used, True, True))


class DeviceWords:
    """`name_of` knows the names of devices that are away."""

    def __init__(self, words: Words, name_of: Callable[[str], str]) -> None:
        self._words = words
        self._name_of = name_of

    def _(self, text: str) -> str:
        """The words for `text`."""
        return self._words._(text)

    def name(self, identity: str, state: RoleState) -> str:
        """What an id of a list is called now."""
        if identity == SYSTEM_DEFAULT:
            return self.system(state.system)
        if identity == IN_EAR:
            return self._("With speech: {device}").format(device=state.ear or self._("No device"))
        there = next((device.name for device in state.devices if device.id == identity), "")
        return there or self._name_of(identity)

    def system(self, device: str) -> str:
        """The system's choice, with its name where there is one."""
        if not device:
            return self._("System default")
        return self._("System default: {device}").format(device=device)

    def options(self, state: RoleState) -> tuple[Option, ...]:
        """What can be picked now."""
        if not state.devices:
            return ()
        places = (IN_EAR, SYSTEM_DEFAULT) if state.role is Role.ALERT else (SYSTEM_DEFAULT,)
        ids = (*places, *(device.id for device in state.devices))
        return tuple(Option(identity, self.name(identity, state)) for identity in ids)

    def note(self, state: RoleState) -> Sign:
        """What is used, and why it isn't the first on the list."""
        standing = state.standing
        match standing.reason:
            case Reason.NONE:
                return Sign("warning", self._("Nothing is plugged in. Plug in a headset."), Tone.BAD)
            case Reason.PERMISSION:
                denied = self._("Softphone may not hear you. Allow it in the computer's privacy settings.")
                return Sign("warning", denied, Tone.BAD)
            case Reason.AS_WISHED:
                return Sign("check", self._("{device} is in use.").format(device=state.used), Tone.QUIET)
            case Reason.NOT_PLUGGED_IN:
                text = self._("{chosen} is not plugged in. {device} is used until it is back.")
            case Reason.FAILED:
                text = self._("{chosen} does not work now. {device} is used instead.")
        chosen = self.name(standing.wanted, state)
        if not state.used:
            text = self._("{chosen} does not work. Unplug it and plug it in again.").format(chosen=chosen)
            return Sign("warning", text, Tone.BAD)
        text = text.format(chosen=chosen, device=state.used)
        return Sign("warning", text, Tone.WARN) if standing.instead else Sign("info", text, Tone.QUIET)
