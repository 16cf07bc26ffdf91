"""What sipp plays, put together from steps: a scenario is the text of its XML file.

A callee is a server and a phone in one: it accepts REGISTER and then plays its part to an INVITE, so that
nothing stands between the product and its peculiarities.
"""

from __future__ import annotations

SDP = """v=0
o=peer 1 {version} IN IP4 [media_ip]
s=-
c=IN IP4 {address}
t=0 0
m=audio [media_port] RTP/AVP {codec} 101
a=rtpmap:{codec} {name}/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
a={direction}
"""

NO_BODY = "Content-Length: 0\n\n"

CODECS = {0: "PCMU", 8: "PCMA"}


def described(
    version: int, *, direction: str = "sendrecv", address: str = "[media_ip]", codec: int = 8
) -> str:
    """A session description: version, what its sound does, where it is wanted, its static payload type."""
    return SDP.format(version=version, direction=direction, address=address, codec=codec, name=CODECS[codec])


def with_sdp(sdp: str) -> str:
    """The end of a message that carries a session description."""
    return f"Content-Type: application/sdp\nContent-Length: [len]\n\n{sdp}"


ACCEPT = """<send><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:];tag=registrar
[last_Call-ID:]
[last_CSeq:]
[last_Contact:]
Content-Length: 0

]]></send>
"""


def recv(request: str, *, note: bool = False, optional: bool = False) -> str:
    """Wait for a request; `note` keeps what a later `reply(..., to_noted=True)` answers, and who we are to
    `within`."""
    may = ' optional="true"' if optional else ""
    if not note:
        return f'<recv request="{request}"{may}/>\n'
    return f"""<recv request="{request}"{may}><action>
<ereg regexp="([0-9]+)" search_in="hdr" header="CSeq:" check_it="true" assign_to="cseq,number"/>
<ereg regexp="SIP/2.*" search_in="hdr" header="Via:" check_it="true" assign_to="via"/>
<ereg regexp="[^<]*<[^>]*>" search_in="hdr" header="To:" check_it="true" assign_to="to"/>
<ereg regexp=".+" search_in="hdr" header="From:" check_it="true" assign_to="from"/>
<ereg regexp="sip:[^>]*" search_in="hdr" header="Contact:" check_it="true" assign_to="contact"/>
</action></recv>
<Reference variables="cseq,number,via,to,from,contact"/>
""".replace("[^<]*<[^>]*>", "&lt;[^&gt;]*&gt;").replace("sip:[^>]*", "sip:[^&gt;]*")


def recv_with(request: str, pattern: str, header: str) -> str:
    """Wait for a request whose header matches a POSIX expression; else the scenario fails."""
    return (
        f'<recv request="{request}"><action><ereg regexp="{pattern}" search_in="hdr" header="{header}:" '
        'check_it="true" assign_to="3"/></action></recv>\n<Reference variables="3"/>\n'
    )


def recv_without(request: str, header: str) -> str:
    """Wait for a request that must not have a header."""
    return (
        f'<recv request="{request}"><action><ereg regexp=".+" search_in="hdr" header="{header}:" '
        'check_it_inverse="true" assign_to="4"/></action></recv>\n<Reference variables="4"/>\n'
    )


def reply(
    status: str,
    tag: str = "",
    *,
    version: int = 0,
    direction: str = "sendrecv",
    headers: str = "",
    to_noted: bool = False,
    repeat: bool = False,
    sdp: str = "",
) -> str:
    """Answer the last request. `version` over 0 adds SDP, or `sdp` says which; `repeat` sends again until
    something comes back; `to_noted` answers the INVITE noted before instead of the last request."""
    number = "CSeq: [$number] INVITE" if to_noted else "[last_CSeq:]"
    via = "Via: [$via]" if to_noted else "[last_Via:]"
    from_ = "From: [$from]" if to_noted else "[last_From:]"
    to = ("To: [$to]" if to_noted else "[last_To:]") + (f";tag={tag}" if tag else "")
    contact = "" if status.startswith(("100", "3", "4")) else "Contact: <sip:peer@[local_ip]:[local_port]>\n"
    if version:
        sdp = described(version, direction=direction)
    body = with_sdp(sdp) if sdp else NO_BODY
    retransmit = ' retrans="500"' if repeat else ""
    return (
        f"<send{retransmit}><![CDATA[\nSIP/2.0 {status}\n{via}\n{from_}\n{to}\n[last_Call-ID:]\n"
        f"{number}\n{contact}{headers}{body}]]></send>\n"
    )


def pause(milliseconds: int) -> str:
    """Wait."""
    return f'<pause milliseconds="{milliseconds}"/>\n'


def bye() -> str:
    """Take the BYE."""
    return recv("BYE") + reply("200 OK")


def callee(*steps: str, challenge: str = "") -> str:
    """A scenario that accepts REGISTER and plays `steps` to a call; the first step waits for the INVITE.

    `challenge` are the headers of a 401 that REGISTER gets first.
    """
    first = reply("401 Unauthorized", "r", headers=challenge) + recv("REGISTER") if challenge else ""
    return _scenario(
        '<recv request="REGISTER" optional="true" next="1"/>\n',
        *steps,
        '<nop next="9"/>\n',
        f'<label id="1"/>\n{first}{ACCEPT}<label id="9"/>\n',
    )


def registrar(*steps: str) -> str:
    """A scenario of REGISTERs alone."""
    return _scenario(*steps)


def _scenario(*steps: str) -> str:
    return (
        '<?xml version="1.0" encoding="ISO-8859-1" ?>\n<scenario name="peer">\n'
        + "".join(steps)
        + "</scenario>\n"
    )


ANSWERED = (recv("INVITE"), reply("180 Ringing", "a"), reply("200 OK", "a", version=1), recv("ACK"))
"""A call that is answered like any other."""


# --- sipp as the caller, through a server that lets it in by its port -----------------------------

REQUEST = """<send{retransmit}><![CDATA[
{method} {uri} SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch={branch};rport
{routes}Max-Forwards: 70
From: <sip:odd@phone.test>;tag=odd[call_number]
To: <sip:{number}@phone.test>{to_tag}
Call-ID: [call_id]
CSeq: {cseq} {method}
Contact: <sip:odd@[local_ip]:[local_port]>
{headers}{body}]]></send>
"""


def request(
    method: str,
    number: str,
    cseq: int,
    *,
    version: int = 0,
    headers: str = "",
    inside: bool = False,
    branch: str = "[branch]",
) -> str:
    """Send a request to `number`; `inside` the dialog that a noted 200 made. `version` over 0 adds SDP."""
    body = with_sdp(described(version)) if version else NO_BODY
    return REQUEST.format(
        retransmit="" if method == "ACK" else ' retrans="500"',
        method=method,
        uri="[next_url]" if inside else f"sip:{number}@phone.test",
        branch=branch,
        routes="[routes]\n" if inside else "",
        number=number,
        to_tag="[peer_tag_param]" if inside else "",
        cseq=cseq,
        headers=headers,
        body=body,
    )


def response(status: int, *, optional: bool = False, dialog: bool = False) -> str:
    """Wait for a response; `dialog` notes the route set it makes."""
    words = (' optional="true"' if optional else "") + (' rrs="true"' if dialog else "")
    return f'<recv response="{status}"{words}/>\n'


def caller(*steps: str) -> str:
    """A scenario that begins with a request."""
    return _scenario(*steps)
