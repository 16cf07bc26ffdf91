"""What the registrar and we have agreed on: shared by everything that sends (RFC 3261 10, RFC 3608)."""

from __future__ import annotations

from dataclasses import dataclass

from sip_bridge.core.config import AgentConfig, RegistrationConfig
from sip_bridge.core.dialog import Dialog, hop_of
from sip_bridge.core.effects import Address, Flow, Hop
from sip_bridge.core.headers import NameAddr
from sip_bridge.core.uri import SipUri, escape_user, format_host


@dataclass
class Binding:
    """Our identity and the way to our server. `flow` is None while there is none; `server` is its address.

    `public` is our address as the server sees it; `contact` goes by it where the registration flow is used.
    `secure`: the server was reached by TLS last; then nothing in the clear comes from it or goes to it.
    """

    agent: AgentConfig
    account: RegistrationConfig | None = None
    flow: Flow | None = None
    public: Address | None = None
    service_routes: tuple[str, ...] = ()
    server: str = ""
    secure: bool = False
    _public_over: int | None = None

    def take(self, flow: Flow) -> None:
        """`flow` leads to our server now."""
        if flow.id != self._public_over:
            self.public = None
        self.flow, self.server, self.secure = flow, flow.remote[0], flow.secure

    def seen_as(self, public: Address, flow: Flow) -> None:
        """Our server sees us at `public` over `flow`."""
        self.public, self._public_over = public, flow.id

    def lose(self) -> None:
        """The flow is gone; the server's host is remembered."""
        self.flow = None

    def clear(self) -> None:
        """Another account begins: nothing is known."""
        self.flow = self.public = None
        self.server, self.secure, self.service_routes = "", False, ()

    @property
    def identity(self) -> NameAddr:
        """What From says of us."""
        if self.account is None:
            return NameAddr(self.agent.display_name, SipUri.parse(self.agent.aor))
        return NameAddr(self.account.display_name, SipUri.parse(self.account.aor))

    @property
    def domain(self) -> str:
        """The server itself as a Request-URI (10.2)."""
        uri = SipUri.parse(self.agent.aor if self.account is None else self.account.aor)
        return str(SipUri(uri.scheme, host=uri.host, port=uri.port))

    @property
    def hop(self) -> Hop | None:
        """Where requests outside dialogs go, None without an account: then their own URI says."""
        if self.account is None:
            return None
        if self.account.proxy:
            return hop_of(SipUri.parse(self.account.proxy))
        return self.account.registrar

    @property
    def routes(self) -> tuple[str, ...]:
        """The Route values of a request outside dialogs (RFC 3608 6.1)."""
        return self.service_routes or self.proxy_routes

    @property
    def proxy_routes(self) -> tuple[str, ...]:
        """The outbound proxy as Route value: all that a REGISTER takes."""
        if self.account is not None and self.account.proxy:
            uri = SipUri.parse(self.account.proxy)
            return (f"<{uri if uri.has_parameter('lr') else uri.with_parameter('lr')}>",)
        return ()

    def contact(self, flow: Flow) -> str:
        """Our Contact for requests and responses over `flow`, in angle brackets."""
        host, port = self._seen_address(flow)
        user = self.agent.contact_user
        if self.account is not None:
            user = self.account.contact_user or SipUri.parse(self.account.aor).unescaped_user
        at = f"{escape_user(user)}@" if user else ""
        transport = "" if flow.transport == "udp" else f";transport={flow.transport}"
        return f"<sip:{at}{format_host(host)}:{port}{transport}>"

    def is_home(self, flow: Flow) -> bool:
        """Whether `flow` leads to our server: it ends at the host we registered with, as safely as we did.

        Anybody can write our server's address on a datagram.
        """
        return self.server != "" and flow.remote[0] == self.server and (flow.secure or not self.secure)

    def keeps_to_tls(self, dialog: Dialog) -> bool:
        """Whether nothing of this dialog may go or come in the clear: media keys may be in it."""
        return dialog.home and self.secure

    def _seen_address(self, flow: Flow) -> Address:
        ours = self.flow
        if self.public is not None and ours is not None and self.is_home(flow) and flow.local == ours.local:
            return self.public
        return flow.local
