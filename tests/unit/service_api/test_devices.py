"""Wire types of device sign-in: what is written is read back; anything odd is refused without being told."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service_api.devices import (
    STATUS,
    TRANSPORTS,
    DeviceCredentials,
    DeviceRevocation,
    DeviceSignIn,
    ErrorCode,
    ServiceRefusal,
)
from service_api.wire import SIZE_LIMIT, VERSION, UnknownVersion, WireError
from softphone.domain.account import Refusal

SECRET = "s" * 43
SIGN_IN = DeviceSignIn(
    "+358401234567", "geheim 42 ä", "Aino's laptop", "urn:uuid:5f6c8e3a-0a52-4b61-9b4c-0d4f0c7a9e11"
)
ISSUED = DeviceCredentials("sip.example.com", "tls", "+358401234567", "dev-1", SECRET, "d1", 5061)
REVOKE = DeviceRevocation("d1", SECRET)
REFUSAL = ServiceRefusal("wrong-credentials")

tokens = st.text("abcXYZ019._~+-", min_size=1, max_size=128)
secrets = st.text("abcXYZ019_-", min_size=43, max_size=128)
numbers = st.from_regex(r"\+?[0-9]{1,20}", fullmatch=True)
instances = st.uuids().map(lambda value: value.urn)
sign_ins = st.builds(
    DeviceSignIn,
    phone=numbers,
    password=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=1024),
    device_name=st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=64).filter(
        str.strip
    ),
    instance_id=instances,
)
issued = st.builds(
    DeviceCredentials,
    sip_domain=st.from_regex(r"[a-z0-9]{1,20}(\.[a-z]{2,10})?|2001:db8::[0-9a-f]{1,4}", fullmatch=True),
    transport=st.sampled_from(TRANSPORTS),
    user=numbers,
    auth_user=tokens,
    sip_secret=secrets,
    device_id=tokens,
    sip_port=st.integers(0, 65535),
)


@given(sign_ins)
def test_a_sign_in_comes_back_whole(value: DeviceSignIn) -> None:
    assert DeviceSignIn.parse(value.serialise()) == value
    assert len(value.serialise()) <= SIZE_LIMIT


@given(issued)
def test_credentials_come_back_whole_and_fit_into_every_keyring(value: DeviceCredentials) -> None:
    assert DeviceCredentials.parse(value.serialise()) == value
    assert len(value.serialise()) < 1280, "more does not fit into the credential store of Windows"


@given(tokens, secrets)
def test_a_revocation_comes_back_whole(device_id: str, secret: str) -> None:
    value = DeviceRevocation(device_id, secret)
    assert DeviceRevocation.parse(value.serialise()) == value


@given(st.binary(max_size=300))
def test_noise_is_refused(body: bytes) -> None:
    for kind in (DeviceSignIn, DeviceCredentials, DeviceRevocation, ServiceRefusal):
        with pytest.raises(WireError):
            kind.parse(body)


def test_the_longest_password_fits() -> None:
    longest = replace(SIGN_IN, password="😀" * 1024)
    assert DeviceSignIn.parse(longest.serialise()) == longest


def changed(value: Any, **members: object) -> bytes:
    """The document with these members in place of its own; None leaves one out."""
    found = {**json.loads(value.serialise()), **members}
    return json.dumps({name: entry for name, entry in found.items() if entry is not None}).encode()


@pytest.mark.parametrize(
    ("value", "members"),
    [
        (SIGN_IN, {"phone": ""}),
        (SIGN_IN, {"phone": "040 1"}),
        (SIGN_IN, {"phone": 401}),
        (SIGN_IN, {"phone": None}),
        (SIGN_IN, {"phone": "1" * 129}),
        (SIGN_IN, {"password": ""}),
        (SIGN_IN, {"password": "x" * 1025}),
        (SIGN_IN, {"password": "\ud800"}),
        (SIGN_IN, {"device_name": "a\r\nb"}),
        (SIGN_IN, {"device_name": "x" * 65}),
        (SIGN_IN, {"device_name": " "}),
        (SIGN_IN, {"device_name": "\xa0\u200b "}),
        (SIGN_IN, {"instance_id": "urn:uuid:1"}),
        (ISSUED, {"sip_domain": "a b"}),
        (ISSUED, {"sip_domain": "evil>;x=.example"}),
        (ISSUED, {"transport": "pigeon"}),
        (ISSUED, {"transport": ""}),
        (ISSUED, {"user": "a@b"}),
        (ISSUED, {"auth_user": 'a"b'}),
        (ISSUED, {"sip_secret": "short"}),
        (ISSUED, {"sip_secret": SECRET + "\n"}),
        (ISSUED, {"device_id": "../x"}),
        (ISSUED, {"sip_port": 65536}),
        (ISSUED, {"sip_port": -1}),
        (ISSUED, {"sip_port": True}),
        (ISSUED, {"sip_port": "5061"}),
        (REVOKE, {"device_id": ""}),
        (REVOKE, {"sip_secret": None}),
        (REFUSAL, {"code": "Quite Wrong"}),
        (REFUSAL, {"version": None}),
        (REFUSAL, {"version": True}),
        (REFUSAL, {"version": "1"}),
    ],
)
def test_members_out_of_shape(value: Any, members: dict[str, object]) -> None:
    with pytest.raises(WireError) as refused:
        type(value).parse(changed(value, **members))
    assert str(refused.value) == next(iter(members))


def test_another_version_is_told_apart() -> None:
    with pytest.raises(UnknownVersion):
        DeviceCredentials.parse(changed(ISSUED, version=VERSION + 1))


def test_members_of_later_days_are_passed_over() -> None:
    assert DeviceCredentials.parse(changed(ISSUED, something="later")) == ISSUED
    assert DeviceCredentials.parse(changed(ISSUED, sip_port=None)).sip_port == 0


def test_a_refresh_token_may_be_there_and_is_never_shown() -> None:
    assert DeviceCredentials.parse(changed(ISSUED, refresh_token=None)).refresh_token == ""
    token = "r" * 86
    issued = replace(ISSUED, refresh_token=token)
    assert DeviceCredentials.parse(issued.serialise()) == issued
    assert token not in repr(issued)
    with pytest.raises(WireError, match=r"^refresh_token$"):
        DeviceCredentials.parse(changed(ISSUED, refresh_token="short"))


@pytest.mark.parametrize(
    "body",
    [
        b'{"version":1,"code":"no-right","code":"too-old"}',
        b"[" * 5000,
        b'["version"]',
        b'{"version":1,"code":"no-right"}' + b" " * SIZE_LIMIT,
        b'\xff{"version":1}',
    ],
    ids=["twice", "deep", "list", "long", "no UTF-8"],
)
def test_documents_out_of_shape(body: bytes) -> None:
    with pytest.raises(WireError):
        ServiceRefusal.parse(body)


def test_no_secret_shows() -> None:
    shown = repr((SIGN_IN, ISSUED, REVOKE))
    assert "geheim" not in shown
    assert SECRET not in shown


def test_every_code_has_a_status_and_refusals_keep_their_names() -> None:
    assert set(STATUS) == set(ErrorCode)
    own = {ErrorCode.BAD_REQUEST, ErrorCode.TOO_MANY_TRIES}
    assert {str(code) for code in set(ErrorCode) - own} <= {str(code) for code in Refusal}
