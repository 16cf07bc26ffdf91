"""Messages and descriptions as phones, servers and browsers send them: where the fuzzer begins."""

from __future__ import annotations

SDP = (
    b"v=0\r\no=- 3724394400 3724394401 IN IP4 198.51.100.7\r\ns=call\r\nc=IN IP4 198.51.100.7\r\nt=0 0\r\n"
    b"m=audio 4000 RTP/AVP 96 9 8 0 101\r\na=rtpmap:96 opus/48000/2\r\na=fmtp:96 useinbandfec=1\r\n"
    b"a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=rtcp:4001\r\na=sendrecv\r\n"
)
SECURE_SDP = (
    b"v=0\r\no=alice 2 2 IN IP6 2001:db8::9\r\ns=-\r\nt=0 0\r\na=group:BUNDLE a v\r\n"
    b"m=audio 9 UDP/TLS/RTP/SAVPF 111 8 110\r\nc=IN IP6 ::\r\na=mid:a\r\na=rtcp-mux\r\na=ice-ufrag:Yz12\r\n"
    b"a=ice-pwd:0123456789abcdefghijkl\r\na=candidate:1 1 udp 2130706431 198.51.100.7 4000 typ host\r\n"
    b"a=candidate:2 1 udp 1694498815 203.0.113.4 61000 typ srflx raddr 198.51.100.7 rport 4000\r\n"
    b"a=fingerprint:sha-256 " + b":".join([b"4A"] * 32) + b"\r\na=setup:actpass\r\n"
    b"a=rtpmap:111 opus/48000/2\r\na=rtpmap:110 telephone-event/48000\r\na=maxptime:60\r\n"
    b"m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:v\r\na=rtpmap:96 VP8/90000\r\na=inactive\r\n"
)
SDES_SDP = (
    b"v=0\no=- 0 0 IN IP4 192.0.2.1\ns=-\nc=IN IP4 0.0.0.0\nt=0 0\nm=audio 7078 RTP/SAVP 8 101\n"
    b"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20|1:4\n"
    b"a=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:NzB4d1BINUAvLEw6UzF3WSJ+PSdFcGdUJShpX1Zj UNENCRYPTED_SRTCP\n"
    b"a=rtpmap:101 telephone-event/8000\na=sendonly\n"
)


def message(start: str, *headers: str, body: bytes = b"") -> bytes:
    """A SIP message with its Content-Length."""
    head = "\r\n".join((start, *headers, f"Content-Length: {len(body)}"))
    return head.encode() + b"\r\n\r\n" + body


MESSAGES = (
    message(
        "INVITE sip:alice@192.0.2.10:5060;transport=udp SIP/2.0",
        "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK776asdhds;rport, SIP/2.0/TLS [2001:db8::1]",
        "Max-Forwards: 70",
        'From: "Bob \\"B\\"" <sip:bob@example.com>;tag=far',
        "To: <sip:alice@example.com>",
        "Call-ID: a84b4c76e66710@pc33.example.com",
        "CSeq: 314159 INVITE",
        'Contact: <sip:bob@198.51.100.7:5060;ob>;+sip.instance="<urn:uuid:0>"',
        "Record-Route: <sip:192.0.2.1;lr>, <sips:p2.example.com;lr>",
        "Supported: 100rel, timer, replaces",
        "Session-Expires: 1800;refresher=uac",
        "Min-SE: 90",
        "Allow: INVITE, ACK, BYE, CANCEL, UPDATE, PRACK, REFER, INFO",
        "Content-Type: application/sdp",
        body=SDP,
    ),
    message(
        "SIP/2.0 401 Unauthorized",
        "v: SIP/2.0/TCP 192.0.2.10:5060;received=203.0.113.5;rport=40000;branch=z9hG4bKnashds7",
        "f: <sip:alice@example.com>;tag=1",
        "t: <sip:alice@example.com>;tag=2",
        "i: 843817637684230@998sdasdh09",
        "CSeq: 1826 REGISTER",
        'WWW-Authenticate: Digest realm="example.com", nonce="84a4cc6f3082121f32b42a2187831a9e", '
        'algorithm=SHA-256, qop="auth,auth-int", stale=FALSE, opaque="x"',
        'WWW-Authenticate: Digest realm="example.com", nonce="84a4cc6f", algorithm=MD5, qop="auth"',
        "Retry-After: 18 (busy);duration=3600",
    ),
    message(
        "NOTIFY sip:alice@192.0.2.10 SIP/2.0",
        "Via: SIP/2.0/TLS 192.0.2.1:5061;branch=z9hG4bKn1;alias",
        "From: <tel:+358401000000;phone-context=example.com>;tag=b",
        "To: sip:alice@example.com;tag=a",
        "Call-ID: n@1",
        "CSeq: 7 NOTIFY",
        "Event: refer;id=93809823",
        "Subscription-State: active;expires=60;reason=noresource;retry-after=9",
        "Content-Type: message/sipfrag;version=2.0",
        'Reason: SIP;cause=600;text="Busy everywhere", Q.850;cause=16',
        body=b"SIP/2.0 180 Ringing",
    ),
    message(
        "REFER sips:alice@example.com SIP/2.0",
        "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKr",
        "From: <sip:bob@example.com>;tag=far",
        "To: <sip:alice@example.com>;tag=near",
        "Call-ID: r",
        "CSeq: 3 REFER",
        "Refer-To: <sip:carol@example.com?Replaces=12345%40h%3Bto-tag%3D1%3Bfrom-tag%3D2&Require=replaces>",
        "Referred-By: <sip:bob@example.com>",
        "Replaces: r@x;to-tag=7743;from-tag=6472;early-only",
        "RAck: 776656 1 INVITE",
        "Contact: *",
        "Expires: 0",
    ),
    message(
        "SIP/2.0 200 OK",
        "Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bKx",
        "From: <sip:alice@example.com>;tag=1",
        "To: <sip:alice@example.com>;tag=srv",
        "Call-ID: reg",
        "CSeq: 2 REGISTER",
        "Contact: <sip:alice@192.0.2.10>;expires=599;q=0.7, <sip:alice@h2>;expires=1",
        "Service-Route: <sip:orig@192.0.2.1;lr>",
        'Authentication-Info: nextnonce="47364c23432d2e131a5fb210812c", qop=auth, rspauth="1", nc=00000001',
        "P-Associated-URI: <sip:alice@example.com>",
    ),
)
