"""Calls, account, devices and events as the JSON that `ctl` prints."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

from softphone.control.meeting_shapes import meeting_event_shape
from softphone.domain.account import Account
from softphone.domain.call import Call
from softphone.domain.device import PLACES, Device, DeviceState, Role, Standing
from softphone.domain.events import (
    AccountChanged,
    CallChanged,
    ContactsChanged,
    DevicesChanged,
    DtmfReceived,
    Event,
    HistoryChanged,
    Notice,
    SettingChanged,
)
from softphone.domain.headset import HeadsetState
from softphone.domain.preshift import CheckReport
from softphone.domain.quality import CallQuality

Json = dict[str, object]

UNTOLD = ("account.", "audio.names", "meetings.places")
"""Settings the program keeps for itself."""


def account_shape(account: Account) -> Json:
    """state, user, server, transport and, where refused or reconnecting, the reason."""
    return {
        "state": account.state.value,
        "user": account.user,
        "server": account.server,
        "transport": account.transport,
        "reason": account.reason,
    }


def call_shape(call: Call, now: float) -> Json:
    """One call; `encryption` is none, sdes or dtls; `quality` null until there are figures."""
    return {
        "id": call.id,
        "direction": call.direction.value,
        "remote": call.remote.number or call.remote.uri,
        "name": call.remote.name,
        "state": call.state.value,
        "held": call.held,
        "remote_held": call.remote_held,
        "muted": call.muted,
        "codec": call.codec,
        "encryption": call.encryption.method or "none",
        "encryption_trusted": call.encryption.trusted,
        "duration_ms": call.duration_ms(now),
        "transfer": call.transfer.value,
        "reason": call.reason.value if call.reason is not None else "",
        "status_code": call.status_code,
        "emergency": call.emergency,
        "trouble": call.trouble.value if call.trouble is not None else "",
        "quality": None if call.quality is None else quality_shape(call.quality),
    }


def quality_shape(quality: CallQuality) -> Json:
    """mos, percentages, milliseconds, dBFS."""
    return dict(asdict(quality))


def devices_shape(state: DeviceState) -> Json:
    """The names of devices in use, as `status` tells them, and `why` where it isn't the first on the list."""
    return {
        "microphone": state.microphone_used,
        "speaker": state.speaker_used,
        "alert": state.alert_used,
        "ring": list(state.ring_used),
        "why": {
            role.value: {"wanted": standing.wanted, "used": standing.used, "reason": standing.reason.value}
            for role, standing in _standings(state)
        },
    }


def _standings(state: DeviceState) -> tuple[tuple[Role, Standing], ...]:
    return (
        (Role.MICROPHONE, state.microphone_why),
        (Role.SPEAKER, state.speaker_why),
        (Role.ALERT, state.alert_why),
    )


def all_devices_shape(state: DeviceState, headset: HeadsetState, name_of: Callable[[str], str] = str) -> Json:
    """Every device, the lists of ids with their names, what is used, and the headsets whose buttons are."""
    chosen = {
        Role.MICROPHONE.value: list(state.microphone),
        Role.SPEAKER.value: list(state.speaker),
        Role.ALERT.value: list(state.alert),
        Role.RING.value: list(state.ring),
    }
    return {
        "devices": [_device_shape(device) for device in state.devices],
        "chosen": chosen,
        "names": {i: name_of(i) for ids in chosen.values() for i in ids if i not in PLACES},
        "used": devices_shape(state),
        "buttons": {"headsets": list(headset.names), "problem": headset.problem},
    }


def check_shape(report: CheckReport) -> Json:
    """Whether all is well, and every step: passed, failed or skipped, why, and what was found."""
    return {
        "ok": report.ok,
        "steps": [
            {
                "step": result.step.value,
                "outcome": result.outcome.value,
                "code": result.code,
                "took_ms": result.took_ms,
                "facts": dict(result.facts),
            }
            for result in report.results
        ],
    }


def event_shape(event: Event, now: float) -> Json | None:
    """An event's line, or None for one that is not sent outside."""
    match event:
        case AccountChanged(account=account):
            return {"event": "account", "account": account_shape(account)}
        case CallChanged(call=call):
            return {"event": "call", "call": call_shape(call, now)}
        case DtmfReceived(call_id=call_id, digit=digit):
            return {"event": "dtmf", "id": call_id, "digit": digit}
        case DevicesChanged(devices=devices):
            return {"event": "devices", "devices": devices_shape(devices)}
        case HistoryChanged(entry=entry, missed=missed):
            return {"event": "history", "missed": missed, "entry": asdict(entry) if entry else None}
        case ContactsChanged():
            return {"event": "contacts"}
        case SettingChanged(key=key, value=value):
            return None if key.startswith(UNTOLD) else {"event": "setting", "key": key, "value": value}
        case Notice(code=code, parameters=parameters):
            return {"event": "notice", "code": code, "parameters": dict(parameters)}
    return meeting_event_shape(event)


def _device_shape(device: Device) -> Json:
    return {
        "id": device.id,
        "name": device.name,
        "input": device.is_input,
        "output": device.is_output,
        "default_input": device.is_default_input,
        "default_output": device.is_default_output,
        "kind": device.kind,
    }
