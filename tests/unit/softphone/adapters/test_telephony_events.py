"""The SIP client's events in the core's words."""

from __future__ import annotations

import pytest

from sip_bridge import client_events as told
from sip_bridge import client_types as sip
from sip_bridge.core import reasons
from softphone import ports
from softphone.adapters.telephony_events import end_reason, number_of, translated
from softphone.domain.call import Encryption, EndReason

PROTECTED = sip.Encryption("sdes", True, "vip.example.com")


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (told.Registered("tls", "a"), ports.Registered("tls", "a")),
        (told.RegistrationLost("no-network", 0), ports.RegistrationLost("no-network")),
        (told.RegistrationRefused("no-right", 403), ports.RegistrationRefused("no-right", 403)),
        (
            told.Incoming("c", "sip:0401234567@a", "Aino"),
            ports.IncomingCall("c", "sip:0401234567@a", "0401234567", "Aino"),
        ),
        (told.Progress("c", 183), ports.CallProgress("c", 183, early_media=False)),
        (
            told.Established("c", "opus", PROTECTED),
            ports.CallEstablished("c", "opus", Encryption("sdes", True, "vip.example.com")),
        ),
        (
            told.MediaChanged("c", "PCMA", sip.Encryption(), True, False),
            ports.CallMediaChanged("c", "PCMA", Encryption(), True, False),
        ),
        (told.TransferProgress("c", "failed", 404), ports.CallTransferProgress("c", "failed", 404)),
        (told.CallReplaced("c", "d"), ports.CallReplaced("c", "d")),
        (
            told.RemoteChanged("d", "sip:2@a", ""),
            ports.CallRemoteChanged("d", "sip:2@a", "2", ""),
        ),
        (told.DtmfReceived("c", "#"), ports.CallDtmf("c", "#")),
        (told.Ended("c", "busy", 486), ports.CallEnded("c", EndReason.BUSY, 486)),
        (told.MediaReady("c", early=False), None),
        (told.MessagesWaiting("Messages-Waiting: yes"), None),
    ],
)
def test_translation(event: told.ClientEvent, expected: ports.TelephonyEvent | None) -> None:
    assert translated(event) == expected


@pytest.mark.parametrize(
    ("uri", "number"),
    [
        ("sip:+358401234567@vip.example.com;user=phone", "+358401234567"),
        ("sip:+358401234567;phone-context=x@vip.example.com", "+358401234567"),
        ("sip:*21%23@a", "*21#"),
        ("sip:alice@a", "alice"),
        ("sip:Anonymous@anonymous.invalid", ""),
        ("sip:vip.example.com", ""),
        ("", ""),
    ],
)
def test_the_number_of_a_uri(uri: str, number: str) -> None:
    assert number_of(uri) == number


def test_every_reason_of_the_bridge_is_one_of_the_domain() -> None:
    named = {value for name, value in vars(reasons).items() if name.isupper() and isinstance(value, str)}
    known = {reason.value for reason in EndReason}
    assert {value for value in named if value not in known} == set()
    assert end_reason("something new") is EndReason.FAILED
