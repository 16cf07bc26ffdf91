"""Whatever a peer sends, the agent never raises and still takes the next call."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sip_bridge.core.config import AgentConfig
from sip_bridge.core.events import IncomingInvite, ReferReceived, Unregistered
from sip_bridge.core.message import Headers, Request, Response
from tests.doubles.sip_rig import ACCOUNT, CONTACT, ROUTE, Rig, call_for_us, inside

_NAMES = (
    "Via From To Call-ID CSeq Contact Record-Route Route Require Supported Allow Expires RSeq RAck Replaces "
    "Refer-To Referred-By Event Subscription-State Session-Expires Min-SE Min-Expires Retry-After Reason "
    "Content-Type WWW-Authenticate Proxy-Authenticate Service-Route Refer-Sub Max-Forwards"
).split()
_VALUES = st.one_of(
    st.sampled_from(
        [
            "", "*", "0", "-1", "99999999999", "abc", "<", "<>", ";", "=", ",", '"', "<sip:>", "<sip:a@b",
            "sip:a@b;tag", "<sip:a@b>;tag=x", "<tel:1>", "<sips:a@b?Replaces=x>", "100rel", "timer",
            "1 INVITE", "1 1 INVITE", "refer", "refer;id=", "active;expires=x", "terminated", "Digest",
            'Digest realm="", nonce=""', "application/sdp", "message/sipfrag", "90;refresher=",
            'Digest realm="example.com", nonce="n", algorithm=SHA-256-sess, qop="auth-int,x"',
            "x;to-tag=;from-tag=", "SIP;cause=;text=", "false", "\udcff\u2028",
        ]
    ),
    st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=20),
)  # fmt: skip
_CHANGES = st.lists(st.tuples(st.sampled_from(_NAMES), st.booleans(), _VALUES), max_size=4)
_BODIES = st.sampled_from([b"", b"offer", b"SIP/2.0 200 OK", b"SIP/2.0 x", b"\xff\x00"])
_METHODS = [
    "INVITE",
    "ACK",
    "BYE",
    "CANCEL",
    "UPDATE",
    "PRACK",
    "INFO",
    "REFER",
    "NOTIFY",
    "OPTIONS",
    "MESSAGE",
]

_QUICK = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _changed(headers: Headers, changes: list[tuple[str, bool, str]]) -> None:
    for name, remove, value in changes:
        if remove:
            headers.remove(name)
        else:
            headers.set(name, value)


def _last(rig: Rig, kind: type[Request] | type[Response]) -> Request | Response | None:
    return next((message for message in reversed(rig.sent()) if isinstance(message, kind)), None)


def _still_works(rig: Rig) -> None:
    rig.wait(400)
    rig.sent()
    before = len(rig.of(IncomingInvite))
    rig.receive(call_for_us(call_id="sound", branch="z9hG4bKsound"))
    assert len(rig.of(IncomingInvite)) == before + 1


@_QUICK
@given(st.lists(st.tuples(st.sampled_from(_METHODS), _CHANGES, _BODIES, st.booleans()), max_size=6))
def test_odd_requests(steps: list[tuple[str, list[tuple[str, bool, str]], bytes, bool]]) -> None:
    rig = Rig(AgentConfig(max_calls=50, max_transactions=100))
    rig.register()
    rig.receive(call_for_us())
    rig.agent.answer("call-1", b"answer", rig.now)
    ok = rig.sent()[-1]
    for number, (method, changes, body, in_dialog) in enumerate(steps, start=2):
        request = inside(ok, method, number, CONTACT, ROUTE, body=body, ours=False)
        if not in_dialog:
            request.headers.set("To", "<sip:alice@example.com>")
        _changed(request.headers, changes)
        rig.receive(request)
        for event in rig.of(ReferReceived):
            rig.agent.accept_refer(event.call, rig.now)
        rig.wait(0.3)
    _still_works(rig)


@_QUICK
@given(
    st.lists(
        st.tuples(st.sampled_from([100, 180, 183, 200, 302, 401, 407, 422, 486, 503]), _CHANGES, _BODIES),
        max_size=6,
    ),
    st.booleans(),
)
def test_odd_responses_to_a_call(
    steps: list[tuple[int, list[tuple[str, bool, str]], bytes]], with_offer: bool
) -> None:
    rig = Rig()
    rig.register()
    rig.agent.invite("sip:bob@example.com", b"offer" if with_offer else None, rig.now)
    invite = rig.request("INVITE")
    for status, changes, body in steps:
        response = invite.reply(status, to_tag="far")
        response.headers.add(*CONTACT)
        response.headers.add("Content-Type", "application/sdp")
        response.body = body
        _changed(response.headers, changes)
        rig.receive(response)
        newest = _last(rig, Request)
        if isinstance(newest, Request) and newest.method == "INVITE":
            invite = newest
    rig.agent.cancel_or_bye("call-1", rig.now)
    while rig.opened:
        rig.open()
    _still_works(rig)


@_QUICK
@given(
    st.lists(
        st.tuples(st.sampled_from([100, 200, 401, 403, 423, 439, 500, 503]), _CHANGES), min_size=1, max_size=5
    )
)
def test_odd_responses_to_a_register(steps: list[tuple[int, list[tuple[str, bool, str]]]]) -> None:
    rig = Rig()
    rig.agent.register(ACCOUNT, rig.now)
    rig.open()
    register = rig.request("REGISTER")
    for status, changes in steps:
        response = register.reply(status, to_tag="r")
        _changed(response.headers, changes)
        rig.receive(response)
        newest = _last(rig, Request)
        register = newest if isinstance(newest, Request) else register
        while rig.opened:
            rig.open()
    rig.agent.unregister(rig.now)
    rig.wait(40)
    assert len(rig.of(Unregistered)) == 1
    rig.sent()
    rig.opened.clear()
    rig.register()
    _still_works(rig)


@_QUICK
@given(st.binary(max_size=300))
def test_noise(data: bytes) -> None:
    rig = Rig(AgentConfig(accept_strangers=True))
    rig.receive(data)
    rig.receive(bytes(call_for_us())[: len(data)] + data)
    _still_works(rig)
