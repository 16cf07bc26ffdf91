"""Meeting links as people paste them, and whom they may lead to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softphone.domain.errors import BadTarget
from softphone.services.meeting_links import is_listed, looks_like_link, read_link

SECRET = "Ab-_" * 10 + "xyz"
LINK = f"https://meet.example.com/m#{SECRET}"


@pytest.mark.parametrize(
    "pasted",
    [
        LINK,
        f"  {LINK}\n",
        f"<{LINK}>",
        f"“{LINK}”.",
        LINK.replace("/m#", "/m\r\n#"),
        f"{LINK[:40]}\n  {LINK[40:]}",
        LINK.replace("meet.example.com", "MEET.Example.com:443"),
        LINK.replace("/m#", "/m/#"),
        f"Dear customer,\nyour meeting: {LINK}\nopens 15 minutes before.",
        f"{LINK} or again {LINK}",
    ],
)
def test_a_link_as_it_was_pasted(pasted: str) -> None:
    link = read_link(pasted)
    assert (link.server, link.service_url, link.secret) == (
        "meet.example.com", "https://meet.example.com/api/v1", SECRET,
    )  # fmt: skip
    assert link.listed
    assert SECRET not in repr(link)


def test_a_port_and_a_folder_belong_to_the_service() -> None:
    link = read_link(f"https://[::1]:8443/company/meetings/m#{SECRET}")
    assert (link.server, link.service_url) == ("[::1]:8443", "https://[::1]:8443/company/meetings/api/v1")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0401234567",
        LINK.replace("https", "http"),
        LINK.replace("meet", "user@meet"),
        LINK.replace("#", "?"),
        LINK.replace(SECRET, "short"),
        LINK.replace("/m#", "/../m#"),
        LINK.replace("example.com", "example.com:0"),
        LINK.replace("example.com", "example.com:99999"),
        LINK.replace("/m#", "/n#"),
        f"{LINK} {LINK.replace('meet', 'other')}",
        LINK + "/more",
        "https://" + "a" * 20000,
    ],
)
def test_no_link(text: str) -> None:
    with pytest.raises(BadTarget):
        read_link(text)


@given(st.text(max_size=300))
def test_whatever_is_pasted_is_a_link_or_refused(text: str) -> None:
    try:
        link = read_link(text)
    except BadTarget:
        return
    assert link.service_url.startswith("https://")


@pytest.mark.parametrize(
    ("server", "names", "listed"),
    [
        ("meet.example.com", (), True),
        ("meet.example.com", ("meet.example.com",), True),
        ("meet.example.com", (" Meet.Example.COM ",), True),
        ("meet.example.com:8443", ("meet.example.com",), True),
        ("meet.example.com:8443", ("meet.example.com:8443",), True),
        ("meet.example.com", ("meet.example.com:8443",), False),
        ("meet.example.com", ("*.example.com",), True),
        ("example.com", ("*.example.com",), False),
        ("badexample.com", ("*.example.com",), False),
        ("meet.example.com.evil.test", ("*.example.com", "meet.example.com"), False),
        ("[::1]:8443", ("[::1]:8443",), True),
        ("[::1]:8443", ("[::2]:8443",), False),
    ],
)
def test_which_servers_policy_lists(server: str, names: tuple[str, ...], listed: bool) -> None:
    assert is_listed(server, names) is listed


def test_a_phone_number_is_no_link() -> None:
    assert looks_like_link(f" {LINK}")
    assert not looks_like_link("tel:0401234567")
