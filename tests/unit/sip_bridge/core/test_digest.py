"""Digest: the RFCs' own examples, choice among challenges, nonce counts, and both sides together."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest

from sip_bridge.core.digest import (
    ALGORITHMS,
    Answer,
    Challenge,
    DigestAuth,
    DigestVerifier,
    Outcome,
    compute_response,
    parse_challenges,
)
from sip_bridge.core.errors import MessageError


def counting() -> Callable[[int], bytes]:
    state = iter(range(1, 1_000_000))
    return lambda size: next(state).to_bytes(size, "big")


def rfc7616(algorithm: str) -> Answer:
    return Answer(
        "Mufasa",
        "http-auth@example.org",
        "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
        "/dir/index.html",
        "",
        algorithm,
        "auth",
        "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
        "00000001",
    )


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_rfc7616_section_3_9_1(algorithm: str, response: str) -> None:
    assert compute_response(rfc7616(algorithm), "Mufasa", "Circle of Life", "GET", b"") == response


@pytest.mark.skipif("SHA-512-256" not in ALGORITHMS, reason="OpenSSL here has no SHA-512/256")
def test_rfc7616_section_3_9_2_as_corrected_by_erratum_4897() -> None:
    auth = DigestAuth("J\u00e4s\u00f8n Doe", "Secret, or not?", counting())
    challenge = Challenge(
        "api@example.org",
        "5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK",
        "SHA-512-256",
        ("auth",),
        "HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS",
        userhash=True,
    )
    answer = Answer.parse(auth.answer([challenge], "GET", "/doe.json") or "")
    assert answer.userhash
    assert answer.username == "793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b"
    fixed = Answer(
        answer.username, answer.realm, answer.nonce, answer.uri, "", "SHA-512-256", "auth",
        "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v", "00000001",
    )  # fmt: skip
    expected = "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5"
    assert compute_response(fixed, "J\u00e4s\u00f8n Doe", "Secret, or not?", "GET", b"") == expected


RFC2617 = (
    'Digest realm="testrealm@host.com", qop="auth,auth-int", '
    'nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"'
)


def test_rfc2617_section_3_5() -> None:
    auth = DigestAuth("Mufasa", "Circle Of Life", lambda _: bytes.fromhex("0a4f113b"))
    value = auth.answer([Challenge.parse(RFC2617)], "GET", "/dir/index.html")
    assert value == (
        'Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", '
        'uri="/dir/index.html", response="6629fae49393a05397450978507c4ef1", cnonce="0a4f113b", qop=auth, '
        'nc=00000001, opaque="5ccc069c403ebaf9f0171e9517f40e41"'
    )


def test_no_qop_as_in_rfc2069() -> None:
    # The example of RFC 2069 2.4, with the value its erratum corrects.
    auth = DigestAuth("Mufasa", "CircleOfLife", counting())
    challenge = Challenge.parse(
        'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"'
    )
    answer = Answer.parse(auth.answer([challenge], "GET", "/dir/index.html") or "")
    assert answer.response == "1949323746fe6a43ef61f9606e7febea"
    assert (answer.qop, answer.cnonce, answer.nc, answer.algorithm, answer.opaque) == ("", "", "", "", None)


def test_nonce_count_goes_up_per_nonce() -> None:
    auth = DigestAuth("a", "b", counting())
    one = Challenge("r", "n1", qop=("auth",))
    two = Challenge("r", "n2", qop=("auth",))
    counts = [Answer.parse(auth.answer([item], "REGISTER", "sip:r") or "") for item in (one, one, two, one)]
    assert [answer.nc for answer in counts] == ["00000001", "00000002", "00000001", "00000003"]
    assert counts[0].cnonce == counts[1].cnonce == counts[3].cnonce != counts[2].cnonce


def test_only_so_many_nonces_are_remembered() -> None:
    auth = DigestAuth("a", "b", counting())
    for number in range(65):
        auth.answer([Challenge("r", f"n{number}", qop=("auth",))], "BYE", "sip:r")
    again = [
        Answer.parse(auth.answer([Challenge("r", n, qop=("auth",))], "BYE", "x") or "").nc
        for n in ("n64", "n0")
    ]
    assert again == ["00000002", "00000001"]


def test_strongest_challenge_is_answered() -> None:
    values = [
        'Digest realm="r", nonce="n", algorithm=MD5, qop="auth"',
        'Digest realm="r", nonce="n", algorithm=sha-256, qop="auth"',
        'Digest realm="r", nonce="n", algorithm=SHA-3, qop="auth"',
        'Digest realm="r", nonce="n", algorithm=SHA-512-256, qop="unheard-of"',
        'Digest realm="r", nonce="m", algorithm=SHA-256, qop="auth"',
    ]
    for arranged in (values, values[::-1], [", ".join(values)]):
        answer = Answer.parse(
            DigestAuth("a", "b", counting()).answer(parse_challenges(arranged), "M", "u") or ""
        )
        assert answer.algorithm.upper() == "SHA-256"


def test_nothing_to_answer() -> None:
    auth = DigestAuth("a", "b", counting())
    assert auth.answer([], "M", "u") is None
    assert auth.answer([Challenge("r", "n", "SHA-3")], "M", "u") is None
    assert auth.answer([Challenge("r", "n", qop=("x",))], "M", "u") is None


def test_only_the_pinned_realm_is_answered() -> None:
    auth = DigestAuth("a", "b", counting())
    good, evil = Challenge("good", "n", "MD5"), Challenge("evil", "n", "SHA-256")
    assert auth.answer([evil], "M", "u", realm="good") is None
    assert Answer.parse(auth.answer([evil, good], "M", "u", realm="good") or "").realm == "good"
    assert auth.answer([Challenge("GOOD", "n")], "M", "u", realm="good") is None


def test_challenges_in_every_shape() -> None:
    found = parse_challenges(
        [
            'Digest realm="a, Digest realm=\\"x\\"", nonce="1",qop="auth, auth-int" , stale=TRUE,, '
            'Digest realm="b", nonce="2"',
            'Basic realm="c", Negotiate, Digest\trealm = "d" , nonce = "3", opaque="", userhash=true',
            'Digest realm="e"',
            'Digest nonce="4"',
            'Digest realm="f", realm="g", nonce="5"',
            "Digest",
            "",
            "NTLM abc==",
            'Digest realm="h", nonce="6", odd',
        ]
    )
    assert found[:3] == [
        Challenge('a, Digest realm="x"', "1", qop=("auth", "auth-int"), stale=True),
        Challenge("b", "2"),
        Challenge("d", "3", opaque="", userhash=True),
    ]
    # A word alone is a scheme of its own, so what stands before it is whole.
    assert found[3:] == [Challenge("h", "6")]
    with pytest.raises(MessageError):
        Challenge.parse('Basic realm="x"')
    with pytest.raises(MessageError):
        Challenge.parse('Digest realm="x", nonce="", qop')


@pytest.mark.parametrize(
    "challenge",
    [
        Challenge('q"u\\o', "n"),
        Challenge("r", "n", "SHA-256-sess", ("auth", "auth-int"), "op", True, True),
        Challenge("ä", "n", "MD5", ("auth",), ""),
    ],
)
def test_challenges_round_trip(challenge: Challenge) -> None:
    assert Challenge.parse(str(challenge)) == challenge
    assert parse_challenges([f"{challenge}, {challenge}"]) == [challenge, challenge]


def test_qop_is_quoted_in_a_challenge_and_bare_in_an_answer() -> None:
    assert 'qop="auth"' in str(Challenge("r", "n", qop=("auth",)))
    assert "qop=auth," in (
        DigestAuth("a", "b", counting()).answer([Challenge("r", "n", qop=("auth",))], "M", "u") or ""
    )


def test_secrets_stay_out_of_repr() -> None:
    auth = DigestAuth("alice", "opensesame", counting())
    assert repr(auth) == "DigestAuth('alice')"
    answer = Answer.parse(auth.answer([Challenge("r", "n", qop=("auth",))], "M", "u") or "")
    assert answer.response not in repr(answer)
    assert "opensesame" not in repr(DigestVerifier("r", {"alice": "opensesame"}.get, counting()))


def test_session_key_keeps_its_cnonce() -> None:
    auth = DigestAuth("a", "b", counting())
    challenge = Challenge("r", "n", "MD5-sess")
    one, two = (Answer.parse(auth.answer([challenge], "M", "u") or "") for _ in range(2))
    assert one.cnonce == two.cnonce != ""
    assert one.response == two.response
    plain = Answer.parse(auth.answer([Challenge("r", "n", "MD5")], "M", "u") or "")
    assert plain.response != one.response


def test_body_is_protected_where_only_that_is_offered() -> None:
    auth = DigestAuth("a", "b", counting())
    challenge = Challenge("r", "n", qop=("auth-int",))
    one = Answer.parse(auth.answer([challenge], "M", "u", b"x") or "")
    assert one.qop == "auth-int"
    assert (
        compute_response(one, "a", "b", "M", b"x")
        == one.response
        != compute_response(one, "a", "b", "M", b"y")
    )


def test_unknown_algorithm_has_no_response() -> None:
    with pytest.raises(MessageError):
        compute_response(Answer("a", "r", "n", "u", "", "SHA-3"), "a", "b", "M", b"")


@pytest.mark.parametrize("value", ["", "Basic x", 'Digest username="a"', 'Digest username="a", =x'])
def test_broken_answers(value: str) -> None:
    with pytest.raises(MessageError):
        Answer.parse(value)


# --- the server's side ---------------------------------------------------------------------------


def verifier(**options: float) -> DigestVerifier:
    return DigestVerifier("r", {"alice": "sesame ä"}.get, counting(), lifetime=options.get("lifetime", 60.0))


def client(word: str = "sesame ä", username: str = "alice") -> DigestAuth:
    return DigestAuth(username, word, counting())


def test_both_sides_agree() -> None:
    server, phone = verifier(), client()
    challenges = parse_challenges(server.challenges(0.0))
    assert [item.algorithm for item in challenges] == ["SHA-256", "MD5"]
    for moment in (1.0, 2.0):
        value = phone.answer(challenges, "REGISTER", "sip:r", realm="r") or ""
        verdict = server.verify(value, "REGISTER", moment, uri="sip:r")
        assert (verdict.outcome, verdict.username) == (Outcome.GOOD, "alice")
    md5 = client().answer(parse_challenges(server.challenges(3.0))[1:], "REGISTER", "sip:r") or ""
    assert server.verify(md5, "REGISTER", 4.0).outcome is Outcome.GOOD


def test_a_recorded_answer_is_stale() -> None:
    server = verifier()
    value = client().answer(parse_challenges(server.challenges(0.0)), "BYE", "sip:r") or ""
    assert server.verify(value, "BYE", 1.0).outcome is Outcome.GOOD
    assert server.verify(value, "BYE", 1.0).outcome is Outcome.STALE


def test_nonces_die() -> None:
    server = verifier()
    challenges = parse_challenges(server.challenges(0.0))
    value = client().answer(challenges, "BYE", "sip:r") or ""
    assert server.verify(value, "BYE", 60.0).outcome is Outcome.STALE
    fresh = parse_challenges(server.challenges(61.0, stale=True))
    assert all(item.stale for item in fresh)
    assert server.verify(value, "BYE", 61.0).outcome is Outcome.STALE
    assert server.verify(client().answer(fresh, "BYE", "sip:r") or "", "BYE", 61.0).outcome is Outcome.GOOD


def test_wrong_answers() -> None:
    server = verifier()
    challenges = parse_challenges(server.challenges(0.0))

    def judge(value: str | None, method: str = "BYE", uri: str = "sip:r") -> Outcome:
        return server.verify(value or "", method, 1.0, uri=uri).outcome

    assert judge(client("wrong").answer(challenges, "BYE", "sip:r")) is Outcome.WRONG
    assert judge(client(username="mallory").answer(challenges, "BYE", "sip:r")) is Outcome.WRONG
    good = client().answer(challenges, "BYE", "sip:r") or ""
    assert judge(good, "INVITE") is Outcome.WRONG
    assert judge(good, uri="sip:other") is Outcome.WRONG
    assert judge(good.replace('realm="r"', 'realm="x"')) is Outcome.WRONG
    assert judge(good.replace("SHA-256", "SHA-512-256")) is Outcome.WRONG
    assert judge(good.replace("qop=auth,", "qop=auth-int,")) is Outcome.WRONG
    assert judge(good.replace('response="', 'response="é')) is Outcome.WRONG
    assert judge(good.replace("nc=00000001", "nc=soon")) is Outcome.MALFORMED
    assert judge("Digest x") is Outcome.MALFORMED
    assert judge(good) is Outcome.GOOD


def test_the_oldest_clients_need_no_qop() -> None:
    server = DigestVerifier("r", {"a": "b"}.get, counting(), algorithms=("MD5",), qop=False)
    challenges = parse_challenges(server.challenges(0.0))
    assert challenges[0].qop == ()
    value = client("b", "a").answer(challenges, "BYE", "u") or ""
    assert [server.verify(value, "BYE", 1.0).outcome for _ in range(2)] == [Outcome.GOOD, Outcome.GOOD]


@pytest.mark.parametrize(("algorithm", "name"), [("MD5", "md5"), ("SHA-256", "sha256")])
def test_a_server_that_knows_no_password_but_its_hash(algorithm: str, name: str) -> None:
    key = hashlib.new(name, "alice:r:sesame ä".encode()).hexdigest()
    known = {("alice", algorithm): key}
    server = DigestVerifier(
        "r", {"bob": "x"}.get, counting(), algorithms=(algorithm,), ha1_of=lambda *who: known.get(who)
    )
    challenges = parse_challenges(server.challenges(0.0))

    def judge(phone: DigestAuth) -> Outcome:
        return server.verify(phone.answer(challenges, "BYE", "u") or "", "BYE", 1.0).outcome

    assert judge(client("wrong")) is Outcome.WRONG
    assert judge(client("sesame ä", "eve")) is Outcome.WRONG
    assert judge(client()) is Outcome.GOOD
    challenges = parse_challenges(server.challenges(0.0))
    assert judge(client("x", "bob")) is Outcome.GOOD


def test_nonces_are_bounded() -> None:
    server = DigestVerifier("r", {"a": "b"}.get, counting(), capacity=2)
    first, second, third = (parse_challenges(server.challenges(0.0)) for _ in range(3))
    outcomes = [
        server.verify(client("b", "a").answer(item, "BYE", "u") or "", "BYE", 1.0).outcome
        for item in (first, second, third)
    ]
    assert outcomes == [Outcome.STALE, Outcome.GOOD, Outcome.GOOD]
