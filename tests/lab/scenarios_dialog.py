"""Requests that a sipp peer makes of its own inside a dialog, and calls that a sipp server makes to us.

In a call of ours the peer takes note of the INVITE (`recv("INVITE", note=True)`) and then asks `within` it.
For a call to us the peer is the registrar, takes note of our REGISTER, and calls the Contact it names: its
call has a Call-ID of its own that sipp still takes for the same call.
"""

from __future__ import annotations

from tests.lab.scenarios import ACCEPT, NO_BODY, described, recv, registrar, reply, with_sdp

WITHIN = """<send{retransmit}><![CDATA[
{method} [$contact] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch={branch};rport
Max-Forwards: 70
From: [$to];tag={tag}
To: [$from]
Call-ID: [call_id]
CSeq: {cseq} {method}
{contact}{headers}{body}]]></send>
"""

ASK = """<send{retransmit}><![CDATA[
{method} [$contact] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch={branch};rport
Max-Forwards: 70
From: <sip:odd@phone.test>;tag={from_tag}
To: <sip:1001@phone.test>{to_tag}
Call-ID: {call}-[pid]-[call_number]///[call_id]
CSeq: {cseq} {method}
{contact}{headers}{body}]]></send>
"""

CONTACT = "Contact: <sip:odd@[local_ip]:[local_port];transport=[transport]>\n"
INVITE_BRANCH = "z9hG4bKinvite[call_number]"
"""The branch an INVITE, its CANCEL and the ACK of its refusal share."""


def _body(version: int, sdp: str, body: str) -> str:
    return body or (with_sdp(sdp or described(version)) if sdp or version else NO_BODY)


def within(
    method: str,
    cseq: int,
    tag: str = "a",
    *,
    version: int = 0,
    sdp: str = "",
    headers: str = "",
    body: str = "",
    branch: str = "[branch]",
    repeat: bool = True,
) -> str:
    """The called peer asks inside the dialog its `tag` made. `version` over 0 adds SDP, `sdp` says which,
    `body` is the end of the message with its own headers."""
    return WITHIN.format(
        retransmit=' retrans="500"' if repeat and method != "ACK" else "",
        method=method,
        branch=branch,
        tag=tag,
        cseq=cseq,
        contact="" if method in {"BYE", "ACK", "CANCEL", "PRACK"} else CONTACT,
        headers=headers,
        body=_body(version, sdp, body),
    )


def ask(
    method: str,
    cseq: int,
    *,
    inside: bool = False,
    to_tag: str = "",
    from_tag: str = "odd",
    call: str = "call",
    version: int = 0,
    sdp: str = "",
    headers: str = "",
    body: str = "",
    branch: str = "[branch]",
    repeat: bool = True,
) -> str:
    """The calling peer asks: `inside` the dialog that an `answer(..., note=True)` made, or with a tag it
    invents; `call` begins another Call-ID. `repeat` sends again until something comes back."""
    return ASK.format(
        retransmit=' retrans="500"' if repeat and method != "ACK" else "",
        method=method,
        branch=branch,
        from_tag=from_tag,
        call=call,
        to_tag="[$totag]" if inside else f";tag={to_tag}" if to_tag else "",
        cseq=cseq,
        contact="" if method in {"BYE", "ACK", "CANCEL", "PRACK"} else CONTACT,
        headers=headers,
        body=_body(version, sdp, body),
    )


def answer(
    status: int, *, optional: bool = False, note: bool = False, where: str = "", has: str = "", to: str = ""
) -> str:
    """Wait for a response: `note` keeps its tag for `ask(..., inside=True)`; the header `where` must match
    the POSIX expression `has`; `to` is the method its CSeq must name."""
    checks = []
    if note:
        checks.append(
            '<ereg regexp=";tag=.+" search_in="hdr" header="To:" check_it="true" assign_to="totag"/>'
        )
    if where:
        checks.append(
            f'<ereg regexp="{has}" search_in="hdr" header="{where}:" check_it="true" assign_to="3"/>'
        )
    if to:
        checks.append(f'<ereg regexp="{to}" search_in="hdr" header="CSeq:" check_it="true" assign_to="5"/>')
    words = ' optional="true"' if optional else ""
    if not checks:
        return f'<recv response="{status}"{words}/>\n'
    used = ",".join(name for name, wanted in (("totag", note), ("3", bool(where)), ("5", bool(to))) if wanted)
    return (
        f'<recv response="{status}"{words}><action>{"".join(checks)}</action></recv>\n'
        f'<Reference variables="{used}"/>\n'
    )


def body_has(request: str, pattern: str) -> str:
    """Wait for a request whose body matches a POSIX expression."""
    return (
        f'<recv request="{request}"><action><ereg regexp="{pattern}" search_in="body" check_it="true" '
        'assign_to="6"/></action></recv>\n<Reference variables="6"/>\n'
    )


def answer_with_body(status: int, pattern: str) -> str:
    """Wait for a response whose body matches a POSIX expression."""
    return (
        f'<recv response="{status}"><action><ereg regexp="{pattern}" search_in="body" check_it="true" '
        'assign_to="6"/></action></recv>\n<Reference variables="6"/>\n'
    )


def calling(*steps: str) -> str:
    """A scenario that lets us register and then calls us."""
    return registrar(recv("REGISTER", note=True), ACCEPT, *steps)


INVITED = (
    ask("INVITE", 1, version=1, branch=INVITE_BRANCH),
    answer(100, optional=True),
    answer(180, note=True),
)
"""We are called and ring."""

TALKING = (*INVITED, answer(200), ask("ACK", 1, inside=True))
"""We are called and answer."""

NOTED_ANSWER = (
    recv("INVITE", note=True),
    reply("180 Ringing", "a"),
    reply("200 OK", "a", version=1),
    recv("ACK"),
)
"""We call and are answered, and the peer can ask us `within`."""

THEIR_BYE = (ask("BYE", 90, inside=True), answer(200))
"""The caller hangs up."""
