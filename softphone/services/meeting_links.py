"""A personal meeting link taken apart. Nothing is sent: the person is shown first where it leads."""

from __future__ import annotations

import re
from collections.abc import Sequence

from softphone.domain.errors import BadTarget
from softphone.domain.meeting import MeetingLink

PAGE = "/m"
API = "/api/v1"
"""Where a service has its guest page and its interface, below its address."""

LONGEST = 8192

_AROUND = " \t<>\"'()[]{}.,;:!?«»“”„‚‘’\u200b\u200e\u200f\ufeff"
"""What mail programs and people put around a link."""

_LINK = re.compile(
    r"https://(?P<server>(?P<host>[A-Za-z0-9]([A-Za-z0-9.\-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])"
    r"(:(?P<port>[0-9]{1,5}))?)(?P<prefix>(/[A-Za-z0-9._~\-]+)*?)/m/?"
    r"#(?P<secret>[A-Za-z0-9_\-]{22,128})(?![A-Za-z0-9_\-/])",
    re.IGNORECASE,
)


def read_link(text: str, servers: Sequence[str] = ()) -> MeetingLink:
    """`https://SERVER[:PORT][/prefix]/m#SECRET` as it was pasted: in brackets, broken over lines, with
    blanks, or within the text of its invitation. `servers` are those the company lists; none: any.

    Raises BadTarget.
    """
    found = _LINK.fullmatch("".join(text[:LONGEST].split()).strip(_AROUND)) or _within(text[:LONGEST])
    if found is None or any(part in (".", "..") for part in found["prefix"].split("/")):
        raise BadTarget("not a meeting link")
    server = found["server"].lower().removesuffix(":443")
    if found["port"] and not 0 < int(found["port"]) < 65536:
        raise BadTarget("not a meeting link")
    return MeetingLink(
        server, f"https://{server}{found['prefix']}{API}", found["secret"], is_listed(server, servers)
    )


def looks_like_link(text: str) -> bool:
    """Whether somebody who hands this over means a meeting, not a phone number."""
    return text.strip().lower().startswith("https://")


def _within(text: str) -> re.Match[str] | None:
    """The one link that stands in a text; None where there are several to choose from."""
    found = {link[0]: link for link in _LINK.finditer(text)}
    return next(iter(found.values())) if len(found) == 1 else None


def is_listed(server: str, servers: Sequence[str]) -> bool:
    """Whether policy names this server, or says nothing of servers. `*.example.com` names all below."""
    if not servers:
        return True
    host = server.rpartition(":")[0] if re.fullmatch(r".*:[0-9]+", server) else server
    for name in (entry.strip().lower() for entry in servers):
        if name in (server, host) if ":" not in host else name == server:
            return True
        if name.startswith("*.") and host.endswith(name[1:]):
            return True
    return False
