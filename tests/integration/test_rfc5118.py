"""RFC 5118: each of its twelve messages, over IPv6 to the product's own client, gets what its section says.

As in RFC 4475's tests 405 says that a REGISTER was well formed, 481 that of a BYE in a dialog nobody knows.
"""

from __future__ import annotations

import re
from contextlib import AsyncExitStack

import pytest
from _pytest.mark import ParameterSet

from sip_bridge import client_events as told
from tests.lab.ports import has_ipv6
from tests.lab.printed import message
from tests.lab.torture import assert_answers, assert_works, connected, ring_and_refuse

RFC = "rfc5118"
HOST = "::1"
OTHER_PORTS = (6050, 19823)
"""Where two of the Vias want their answers."""


pytestmark = pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6 loopback")


def case(name: str, section: str, what: str, *values: object) -> ParameterSet:
    """One message: its name, what is expected of it, and its row of the table."""
    mark = pytest.mark.conformance(f"RFC 5118 {section}", f"{name}: {what}")
    return pytest.param(name, *values, id=name, marks=mark)


def answered(name: str, section: str, status: int, what: str) -> ParameterSet:
    """A message that gets one answer."""
    return case(name, section, f"{what}: {status}", status)


def measured(data: bytes) -> bytes:
    """The message with the Content-Length its body has; RFC 5118 prints other numbers."""
    length = len(data.partition(b"\r\n\r\n")[2])
    return re.sub(rb"(?<=Content-Length: )\d+", str(length).encode(), data)


def speaking_pcma(data: bytes) -> bytes:
    """The same session in a codec of ours: the messages offer G.726."""
    named = data.replace(b"RTP/AVP 2\r\na=rtpmap:2 G726-32/8000", b"RTP/AVP 8\r\na=rtpmap:8 PCMA/8000")
    assert named != data
    return named


@pytest.mark.parametrize(
    ("name", "status"),
    [
        answered("ipv6-good", "4.1", 405, "references in Request-URI, Via and Contact"),
        answered("ipv6-bad", "4.2", 400, "an address without brackets in the Request-URI"),
        answered("port-ambiguous", "4.3", 405, "a port within the brackets is part of the address"),
        answered("port-unambiguous", "4.4", 405, "a port behind the brackets"),
        answered("via-received-param-with-delim", "4.5", 481, "`received` with brackets"),
        answered("via-received-param-no-delim", "4.5", 200, "`received` without brackets"),
        # Printed with a Content-Length of 268 over 251 bytes: as a datagram that is a 400 (RFC 3261 18.3).
        answered("ipv6-in-sdp", "4.6", 400, "as printed, with a Content-Length beyond the datagram"),
        answered("mult-ip-in-header", "4.7", 481, "addresses of both kinds in Vias"),
        answered("ipv6-bug-abnf-3-colons", "4.10", 200, "three colons before an IPv4 address are tolerated"),
        answered("ipv6-correct-abnf-2-colons", "4.10", 200, "two colons before an IPv4 address"),
    ],
)
async def test_a_request_is_answered(name: str, status: int) -> None:
    async with AsyncExitStack() as stack:
        server, phone = await connected(stack, "udp", *OTHER_PORTS, host=HOST)
        data = message(RFC, name)
        server.send(data)
        (answer,) = await server.all_answers()
        assert answer.status == status
        assert_answers(server, data, answer)
        assert not phone.heard(told.Incoming)
        await assert_works(server, phone)


@pytest.mark.parametrize(
    "name",
    [
        case("ipv6-in-sdp", "4.6", "a session over IPv6, in codecs we don't speak: 488"),
        case("ipv4-mapped-ipv6", "4.9", "IPv4-mapped addresses, in codecs we don't speak: 488"),
    ],
)
async def test_a_session_without_a_codec_of_ours_is_refused(name: str) -> None:
    """Well formed, understood, and of no use to us (RFC 3261 13.3.1.3)."""
    async with AsyncExitStack() as stack:
        server, phone = await connected(stack, "udp", *OTHER_PORTS, host=HOST)
        data = measured(message(RFC, name))
        server.send(data)
        call = data.partition(b"Call-ID: ")[2].partition(b"\r\n")[0].decode()
        refusal = await server.answer(call, 488)
        assert_answers(server, data, refusal)
        server.acknowledge(data, refusal)
        assert not phone.heard(told.Incoming)
        await assert_works(server, phone)


@pytest.mark.parametrize(
    "name",
    [
        case("ipv6-in-sdp", "4.6", "the same session in a codec of ours rings"),
        case("mult-ip-in-sdp", "4.8", "sound over IPv4 and picture over IPv6 in one session; it rings"),
        case("ipv4-mapped-ipv6", "4.9", "the same session in a codec of ours rings"),
    ],
)
async def test_a_call_rings(name: str) -> None:
    async with AsyncExitStack() as stack:
        server, phone = await connected(stack, "udp", *OTHER_PORTS, host=HOST)
        data = message(RFC, name)
        if name != "mult-ip-in-sdp":
            data = measured(speaking_pcma(data))
        await ring_and_refuse(server, phone, data)
        await assert_works(server, phone)
