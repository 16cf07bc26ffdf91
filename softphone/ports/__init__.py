"""What the core needs from the world, as small Protocols named by role.

Every coroutine and every callback runs on the engine thread's loop.
"""

from __future__ import annotations

from softphone.ports.program import Clock, Screenshot
from softphone.ports.servers import CompanyService, Directory, Discovery, LineCheck
from softphone.ports.sound import Headset, Sound
from softphone.ports.storage import ContactStore, HistoryStore, Secrets, SettingsStore
from softphone.ports.telephony import (
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
    SipAccount,
    Telephony,
    TelephonyEvent,
)

__all__ = [
    "CallDtmf",
    "CallEnded",
    "CallEstablished",
    "CallFlood",
    "CallMediaChanged",
    "CallProgress",
    "CallRemoteChanged",
    "CallReplaced",
    "CallTransferProgress",
    "Clock",
    "CompanyService",
    "ContactStore",
    "Directory",
    "Discovery",
    "Headset",
    "HistoryStore",
    "IncomingCall",
    "LineCheck",
    "Registered",
    "RegistrationLost",
    "RegistrationRefused",
    "Screenshot",
    "Secrets",
    "SettingsStore",
    "SipAccount",
    "Sound",
    "Telephony",
    "TelephonyEvent",
]
