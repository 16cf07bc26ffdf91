"""What the user agent is told about itself and its registrar. Times in seconds."""

from __future__ import annotations

from dataclasses import dataclass, field

from sip_bridge.core.effects import Hop


@dataclass(frozen=True, slots=True)
class AgentConfig:
    """Settings of one user agent; the limits bound what a peer can make us hold.

    `accept_strangers` False: requests outside dialogs are taken only over the registration flow or from its
    remote host. `aor` names us where no registration does. `session_expires` 0 switches timers off
    (RFC 4028); `min_session_expires` is what we still accept. `contact_user` is our Contact's user part where
    no registration says it. Beyond `max_calls`, and beyond `max_rush` new ones within `rush_window`
    seconds (`max_rush_of_one` of one caller), a call for us is busy (486), beyond `max_transactions` a
    request is 503.
    """

    user_agent: str = "Softphone"
    aor: str = "sip:anonymous@anonymous.invalid"
    display_name: str = ""
    contact_user: str = ""
    accept_strangers: bool = False
    session_expires: int = 1800
    min_session_expires: int = 90
    max_calls: int = 20
    max_rush: int = 30
    max_rush_of_one: int = 25
    rush_window: float = 10.0
    max_transactions: int = 1000
    max_early_dialogs: int = 12
    max_redirects: int = 5
    max_udp_request: int = 1300
    ring_timeout: float = 180.0


@dataclass(frozen=True, slots=True)
class RegistrationConfig:
    """An account at a registrar.

    `aor` "sip:alice@example.com"; `registrar` the hop of every request of ours; `proxy` a SIP URI put
    as first Route (and then the hop), or "". `realm` "" is pinned to the first one the registrar names.
    `instance` "urn:uuid:…" (RFC 5626). `keepalive_s` 0 switches keep-alives off.
    """

    aor: str
    registrar: Hop
    username: str = ""
    password: str = field(default="", repr=False)
    realm: str = ""
    proxy: str = ""
    display_name: str = ""
    contact_user: str = ""
    instance: str = ""
    expires: int = 600
    keepalive_s: float = 25.0
    keepalive_by_options: bool = True
