"""A browser's description: as a sender's offer and as the answer to ours."""

from __future__ import annotations

from collections.abc import Iterable

from fuzz.judge import require
from fuzz.wire import SDP, SECURE_SDP
from service.domain.errors import EngineError
from service.media_engine.negotiation import ReceiverLine, accepted, answer_sender, offer_receiver, settled
from service.media_engine.sdp import Description, Local, parse_sdp
from tests.doubles.engine_peer import Bench

LOCAL = Local("192.0.2.1", 5000, "ours", "0123456789abcdefghijklmn", "AA:BB", "passive")
LINES = [ReceiverLine("audio", "0", 111, -1, 1, 2), ReceiverLine("video", "1", 96, 97, 3, 4)]


def run(data: bytes) -> None:
    """Raises for a finding."""
    text = data.decode("utf-8", "replace")
    try:
        described = parse_sdp(text)
    except EngineError:
        return
    _as_offer(described)
    _as_answer(described)
    _through_rooms(text)


def _as_offer(described: Description) -> None:
    try:
        taken = accepted(described)
        described.transport(taken)
        answer, lines = answer_sender(described, taken, LOCAL)
    except EngineError:
        return
    again = parse_sdp(answer)
    require(len(again.sections) == len(described.sections), "an answer has the lines of its offer")
    require(
        [s.mid for s in again.sections] == [s.mid for s in described.sections], "an answer keeps the names"
    )
    require(all(0 <= line.payload_type < 128 and -1 <= line.rtx < 128 for line in lines), "7 bits")
    require(all(0 <= line.level < 15 and 0 <= line.transport_cc < 15 for line in lines), "an extension's id")


def _as_answer(described: Description) -> None:
    try:
        lines = settled(LINES, described)
    except EngineError:
        return
    require(all(0 <= line.payload_type < 128 and -1 <= line.rtx < 128 for line in lines), "7 bits")
    parse_sdp(offer_receiver(lines, "feed", LOCAL))


def _through_rooms(text: str) -> None:
    bench = Bench()
    bench.rooms.admit("room", "anna")
    try:
        published = bench.rooms.publish("room", "anna", text)
    except EngineError:
        return
    parse_sdp(published.sdp)
    bench.rooms.admit("room", "bertil")
    offered = bench.rooms.subscribe("room", "bertil", published.feed, video=True, height=720)
    parse_sdp(offered.sdp)
    try:
        bench.rooms.answer("room", "bertil", offered.subscription, text)
    except EngineError:
        return


def seeds() -> Iterable[bytes]:
    """Offers and answers of browsers, whole and odd."""
    bench = Bench()
    client = bench.client()
    offer = client.offer()
    yield offer.encode()
    yield offer.replace("sendonly", "recvonly").replace("actpass", "active").encode()
    yield offer.replace("\r\n", "\n").replace("m=video 9", "m=video 0").encode() + b"a=bundle-only\n"
    cc = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
    yield f"{offer}a=extmap:3 {cc}\r\na=rtcp-fb:* transport-cc\r\na=fmtp:96 x;apt=97\r\n".encode()
    yield SDP
    yield SECURE_SDP
