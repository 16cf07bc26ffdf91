"""Kamailio as registrar and proxy: its configuration written from a few options, started, paused, killed."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab.certificates import KeyPair
from tests.lab.ports import LOOPBACK, free_ports, listening
from tests.lab.process import PeerFailed, Process, wait_until

REALM = "phone.test"
HEADER = "username(string) domain(string) password(string) ha1(string) owner(string)"
HASHES = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}


@dataclass(frozen=True, slots=True)
class User:
    """A row of the user table. `register_status` other than 200 answers a right password with that status."""

    number: str
    password: str = field(repr=False)
    register_status: int = 200


@dataclass(frozen=True, slots=True)
class Options:
    """How this server behaves.

    `store` keeps passwords as "password" or as "ha1"; `unknown_status` answers REGISTER of unknown numbers
    (401 challenges like everybody), `wrong_status` a wrong password; `min_expires` in seconds answers 423
    below it; `routes` sends a number to a UDP port on loopback where nobody has to register;
    `certificate` turns TLS on, `ipv6` adds ::1 at the same ports.
    """

    users: tuple[User, ...]
    algorithm: str = "MD5"
    store: str = "password"
    realm: str = REALM
    certificate: KeyPair | None = None
    unknown_status: int = 401
    wrong_status: int = 401
    min_expires: int = 0
    routes: tuple[tuple[str, int], ...] = ()
    ipv6: bool = False


HEAD = """#!KAMAILIO
children=1
tcp_children=1
debug=0
log_stderror=yes
auto_aliases=no
alias="{realm}"
alias="localhost"
listen=udp:{host}:{port}
listen=tcp:{host}:{port}
{more_listen}
tcp_accept_no_cl=yes
tcp_connection_lifetime=3605
tcp_reuse_port=yes
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "nathelper.so"
loadmodule "db_text.so"
loadmodule "auth.so"
loadmodule "auth_db.so"
{tls_modules}
modparam("usrloc", "db_mode", 0)
modparam("registrar", "received_avp", "$avp(rcv)")
modparam("nathelper", "received_avp", "$avp(rcv)")
modparam("auth", "qop", "auth")
modparam("auth", "algorithm", "{algorithm}")
modparam("auth_db", "db_url", "text://{folder}/db")
modparam("auth_db", "calculate_ha1", {calculate})
modparam("auth_db", "password_column", "{store}")
modparam("auth_db", "load_credentials", "$avp(owner)=owner")
modparam("db_text", "db_mode", 1)
modparam("tm", "fr_timer", 5000)
modparam("tm", "fr_inv_timer", 60000)
"""

ROUTES = """
request_route {
  if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
  force_rport();
  if (is_method("INVITE|UPDATE|SUBSCRIBE|REFER")) set_contact_alias();
  if (is_method("CANCEL")) { if (t_check_trans()) t_relay(); exit; }
  if (has_totag()) { route(DIALOG); exit; }
  t_check_trans();
  if (is_method("REGISTER")) { route(REGISTRAR); exit; }
  if (is_method("OPTIONS") && $rU == $null) { sl_send_reply("200", "OK"); exit; }
  if (!route(FROM_PEER)) {
    if (!proxy_authenticate("@REALM@", "subscriber")) { proxy_challenge("@REALM@", "1"); exit; }
    consume_credentials();
  }
  remove_hf("Route");
  record_route();
  route(TARGET);
  if (!lookup("location")) { sl_send_reply("404", "Not Found"); exit; }
  handle_ruri_alias();
  t_relay();
}
route[DIALOG] {
  if (loose_route()) {
    if (is_gruu()) lookup("location"); else handle_ruri_alias();
    t_relay(); exit;
  }
  if (is_method("ACK")) { if (t_check_trans()) t_relay(); exit; }
  sl_send_reply("404", "Not here");
}
route[REGISTRAR] {
@EXPIRES@
@UNKNOWN@
  if (!www_authenticate("@REALM@", "subscriber")) {
@WRONG@
    www_challenge("@REALM@", "1"); exit;
  }
  if ($fU != $avp(owner)) { sl_send_reply("403", "Not yours"); exit; }
@REFUSED@
  fix_nated_register();
  save("location", "0x04");
}
"""


def _configuration(options: Options, folder: Path, port: int, tls_port: int) -> str:
    pair = options.certificate
    tls_modules = (
        ""
        if pair is None
        else (
            'loadmodule "tls.so"\n'
            'modparam("tls", "tls_method", "TLSv1.2+")\n'
            f'modparam("tls", "private_key", "{pair.key}")\n'
            f'modparam("tls", "certificate", "{pair.certificate}")'
        )
    )
    head = HEAD.format(
        realm=options.realm,
        host=LOOPBACK,
        port=port,
        more_listen=_more_listen(options, port, tls_port),
        tls_modules=tls_modules,
        algorithm=options.algorithm,
        folder=folder,
        calculate=int(options.store == "password"),
        store=options.store,
    )
    return head + _routes(options)


def _more_listen(options: Options, port: int, tls_port: int) -> str:
    lines = []
    if options.ipv6:
        lines += [f"listen=udp:[::1]:{port}", f"listen=tcp:[::1]:{port}"]
    if options.certificate is not None:
        lines += ["enable_tls=yes", f"listen=tls:{LOOPBACK}:{tls_port}"]
        lines += [f"listen=tls:[::1]:{tls_port}"] if options.ipv6 else []
    return "\n".join(lines)


def _routes(options: Options) -> str:
    known = "|".join(user.number.replace("+", "[+]") for user in options.users)
    unknown = (
        f'  if (!($fU =~ "^({known})$")) {{ sl_send_reply("{options.unknown_status}", "Unknown"); exit; }}'
    )
    wrong = f'    if ($rc == -2) {{ sl_send_reply("{options.wrong_status}", "Refused"); exit; }}'
    refused = "\n".join(
        f'  if ($fU == "{user.number}") {{ sl_send_reply("{user.register_status}", "Refused"); exit; }}'
        for user in options.users
        if user.register_status != 200
    )
    expires = (
        f'  if (@contact.expires != "" || $hdr(Expires) != $null) {{\n'
        f"    if ($(hdr(Expires){{s.int}}) > 0 && $(hdr(Expires){{s.int}}) < {options.min_expires}) {{\n"
        f'      append_to_reply("Min-Expires: {options.min_expires}\\r\\n");\n'
        f'      sl_send_reply("423", "Interval Too Brief"); exit;\n    }}\n  }}'
    )
    peers = " || ".join(f"$sp == {port}" for _, port in options.routes) or "$sp == 0"
    targets = "\n".join(
        f'  if ($rU == "{number}") {{ $du = "sip:{LOOPBACK}:{port}"; t_relay(); exit; }}'
        for number, port in options.routes
    )
    text = ROUTES.replace("@REALM@", options.realm)
    text = text.replace("@UNKNOWN@", unknown if options.unknown_status != 401 else "")
    text = text.replace("@WRONG@", wrong if options.wrong_status != 401 else "")
    text = text.replace("@REFUSED@", refused).replace("@EXPIRES@", expires if options.min_expires else "")
    return (
        text
        + f"route[FROM_PEER] {{\n  if ({peers}) return 1;\n  return -1;\n}}\n"
        + f"route[TARGET] {{\n{targets}\n  return 1;\n}}\n"
    )


class Kamailio:
    """One server. `port` serves UDP and TCP, `tls_port` TLS; addresses stay over stop and start."""

    def __init__(self, folder: Path, options: Options) -> None:
        self.options = options
        self.host = LOOPBACK
        self.port, self.tls_port = free_ports(2)
        self._folder = folder
        self._process: Process | None = None
        (folder / "db").mkdir(parents=True)
        (folder / "run").mkdir()
        (folder / "kamailio.cfg").write_text(_configuration(options, folder, self.port, self.tls_port))
        self._write_users()

    def _write_users(self) -> None:
        database = self._folder / "db"
        (database / "version").write_text("table_name(string) table_version(int)\nsubscriber:7\n")
        realm, digest = self.options.realm, HASHES[self.options.algorithm]
        rows = [HEADER]
        for user in self.options.users:
            ha1 = digest(f"{user.number}:{realm}:{user.password}".encode()).hexdigest()
            kept = user.password if self.options.store == "password" else "none"
            rows.append(f"{user.number}:{realm}:{kept}:{ha1}:{user.number}")
        self._replace_users(rows)

    def admit(self, devices: Iterable[tuple[str, str, str]]) -> None:
        """These devices alone, as (user name, HA1, number), from the next challenge on."""
        realm = self.options.realm
        self._replace_users(
            [HEADER, *(f"{user}:{realm}:none:{ha1}:{number}" for user, ha1, number in devices)]
        )

    def _replace_users(self, rows: list[str]) -> None:
        """The server reads the table again when its time, in whole seconds, is another one."""
        table = self._folder / "db" / "subscriber"
        new = table.with_suffix(".new")
        new.write_text("\n".join(rows) + "\n")
        if table.exists():
            later = max(int(table.stat().st_mtime), int(time.time())) + 1
            os.utime(new, (later, later))
        new.replace(table)

    @property
    def log(self) -> str:
        """What the server has written so far."""
        return (self._folder / "log").read_text(errors="replace")

    def start(self) -> None:
        """Start and wait until it answers. Raises PeerFailed."""
        self._process = Process(
            ["kamailio", "-f", str(self._folder / "kamailio.cfg"), "-DD", "-E", "-m", "32", "-M", "8",
             "-Y", str(self._folder / "run"), "-P", str(self._folder / "pid")],
            self._folder / "log",
        )  # fmt: skip
        if not wait_until(self._settled) or not self._process.running:
            end = self.log[-2000:]
            self.kill()
            raise PeerFailed(f"kamailio did not start: {end}")

    def _settled(self) -> bool:
        if self._process is None or not self._process.running:
            return True
        encrypted = self.options.certificate is None or listening(self.tls_port)
        return encrypted and listening(self.port) and self._answers()

    def _answers(self) -> bool:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind((LOOPBACK, 0))
            probe.settimeout(0.3)
            host, port = probe.getsockname()
            request = (
                f"OPTIONS sip:{LOOPBACK}:{self.port} SIP/2.0\r\nVia: SIP/2.0/UDP {host}:{port};"
                f"branch=z9hG4bKprobe{port};rport\r\nMax-Forwards: 5\r\nFrom: <sip:probe@{host}>;tag=1\r\n"
                f"To: <sip:{LOOPBACK}>\r\nCall-ID: probe{port}\r\nCSeq: 1 OPTIONS\r\n"
                "Content-Length: 0\r\n\r\n"
            )
            probe.sendto(request.encode(), (LOOPBACK, self.port))
            try:
                return probe.recv(4096).startswith(b"SIP/2.0 200")
            except OSError:
                return False

    def pause(self) -> None:
        """Freeze every process: packets arrive, nothing is answered."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Go on after `pause`."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.signal(number)

    def kill(self) -> None:
        """Crash: sockets vanish, registrations are forgotten."""
        if self._process is not None:
            self._process.kill()
            self._process = None

    def stop(self) -> None:
        """End it; harmless when it does not run."""
        if self._process is not None:
            self._process.stop(0.5)
            self._process = None

    def restart(self) -> None:
        """Crash and come back with no registrations."""
        self.kill()
        self.start()
