"""What the SIP client says, in the core's words."""

from __future__ import annotations

import re

from sip_bridge import client_events as told
from sip_bridge import client_types as sip
from sip_bridge.core.errors import MessageError
from sip_bridge.core.uri import SipUri
from softphone.domain.call import Encryption, EndReason
from softphone.ports import (
    CallDtmf,
    CallEnded,
    CallEstablished,
    CallFlood,
    CallMediaChanged,
    CallProgress,
    CallRemoteChanged,
    CallReplaced,
    CallTransferProgress,
    IncomingCall,
    Registered,
    RegistrationLost,
    RegistrationRefused,
    TelephonyEvent,
)

_ANONYMOUS = re.compile(r"anonymous|unknown|unavailable|restricted", re.IGNORECASE)


def encryption(facts: sip.Encryption) -> Encryption:
    """The protection of a call's sound."""
    return Encryption(facts.method, facts.trusted, facts.to)


def number_of(uri: str) -> str:
    """The user part a person would dial or read, "" where the caller hides it."""
    try:
        user = SipUri.parse(uri).unescaped_user or ""
    except MessageError:
        return ""
    # RFC 3966 parameters may follow a number in the user part.
    user = user.partition(";")[0]
    return "" if _ANONYMOUS.fullmatch(user) else user


def end_reason(key: str) -> EndReason:
    """The reason a call ended; the bridge's keys are the domain's values."""
    try:
        return EndReason(key)
    except ValueError:
        return EndReason.FAILED


def translated(event: told.ClientEvent) -> TelephonyEvent | None:
    """The core's event, or None for what the core need not know."""
    match event:
        case told.Registered(transport, server):
            return Registered(transport, server)
        case told.RegistrationLost(refusal):
            return RegistrationLost(refusal)
        case told.RegistrationRefused(refusal, status):
            return RegistrationRefused(refusal, status)
        case told.RushBegan():
            return CallFlood()
        case told.Incoming(call_id, uri, name):
            return IncomingCall(call_id, uri, number_of(uri), name)
        case _:
            return _of_a_call(event)


def _of_a_call(event: told.ClientEvent) -> TelephonyEvent | None:
    match event:
        case told.Progress(call_id, status):
            return CallProgress(call_id, status, early_media=False)
        case told.Established(call_id, codec, facts):
            return CallEstablished(call_id, codec, encryption(facts))
        case told.MediaChanged(call_id, codec, facts, held, remote_held):
            return CallMediaChanged(call_id, codec, encryption(facts), held, remote_held)
        case told.TransferProgress(call_id, state, status):
            return CallTransferProgress(call_id, state, status)
        case told.CallReplaced(old, new):
            return CallReplaced(old, new)
        case told.RemoteChanged(call_id, uri, name):
            return CallRemoteChanged(call_id, uri, number_of(uri), name)
        case told.DtmfReceived(call_id, digit):
            return CallDtmf(call_id, digit)
        case told.Ended(call_id, reason, status):
            return CallEnded(call_id, end_reason(reason), status)
        case _:
            return None
