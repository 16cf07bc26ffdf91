"""Every refused sign-in, by a real peer, read from the window in three languages: what it is and what to do.

Certificates, rights, passwords and silence come from Kamailio; no network, a name that name servers don't
know and a server that wants a newer program stand in a network of their own, made for one program.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from resources.words import LANGUAGES
from softphone import __version__
from tests.e2e.window_alone import Well, refused_alone
from tests.e2e.window_rig import Form, Refused, Windowed, click, in_language, refused, story, until
from tests.lab.certificates import Authority
from tests.lab.kamailio import Kamailio, Options, User
from tests.lab.ports import LOOPBACK

pytestmark = [pytest.mark.peer, pytest.mark.usefixtures("qapp")]

SECRET = "Kettle-Harbour-98"
KNOWN, BARRED, UNKNOWN = "0404444441", "0404444442", "0404444449"
USERS = (User(KNOWN, SECRET), User(BARRED, SECRET, register_status=403))

NOT_FOUND = ("The server {server} was not found.", "Check the server address for typing errors.")
NO_NETWORK = ("This computer has no network connection.", "Connect to a network and sign in again.")
SILENT = (
    "The server {server} does not answer.",
    "Wait a moment and try again. If this goes on, tell your IT support.",
)
CERTIFICATE = (
    "The certificate of {server} is not trusted, so your password was not sent.",
    "Check the server address, or ask your IT support for the right certificate file.",
)
WRONG = ("The phone number or the password is wrong.", "Check both and sign in again.")
NO_RIGHT = (
    "This phone number may not use Softphone.",
    "Ask your company's main user to give you the right to use it.",
)
TOO_OLD = (
    "This version of Softphone is too old for the server.",
    "Install the newest version and sign in again.",
)

LEADS_ELSEWHERE = (
    "{server} leads to {other}, so your password was not sent.",
    "Ask your IT support which server address is right.",
)
NEWER = f"{int(__version__.split('.')[0]) + 1}.0"
ELSEWHERE = "sip.elsewhere.example"

NewServer = Callable[..., Kamailio]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("refusals") / "authority")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kamailio]:
    kamailio = Kamailio(tmp_path_factory.mktemp("kamailio") / "server", Options(USERS))
    kamailio.start()
    yield kamailio
    kamailio.stop()


@pytest.fixture
def new_server(tmp_path: Path) -> Iterator[NewServer]:
    made: list[Kamailio] = []

    def make(**options: object) -> Kamailio:
        made.append(Kamailio(tmp_path / f"kamailio{len(made)}", Options(USERS, **options)))  # type: ignore[arg-type]
        made[-1].start()
        return made[-1]

    yield make
    for kamailio in made:
        kamailio.stop()


def assert_told(outcome: Refused, form: Form, said: tuple[str, str], focus: str, reason: str) -> None:
    """The catalogue's two sentences in each language, everything typed still there, ready for another try."""
    for language in LANGUAGES:
        wanted = tuple(
            in_language(text, language).format(server=form.server, other=ELSEWHERE) for text in said
        )
        assert outcome.sentences[language] == wanted
    assert len(set(outcome.sentences.values())) == len(LANGUAGES)
    assert outcome.kept == form
    assert outcome.ready
    assert (outcome.focus, outcome.reason) == (focus, reason)
    assert all(Path(picture).stat().st_size > 0 for picture in outcome.pictures.values())


@story
async def test_wrong_number_and_wrong_password_are_one_sentence(server: Kamailio, tmp_path: Path) -> None:
    """Kamailio challenges both alike; the window gives nothing more away, and the password is looked at."""
    address = f"sip:{LOOPBACK}:{server.port};transport=tcp"
    outcomes = []
    for name, form in (
        ("password", Form(address, KNOWN, "not the right one")),
        ("number", Form(address, UNKNOWN, SECRET)),
    ):
        async with Windowed(tmp_path / name) as program:
            outcomes.append(await refused(program, form, f"wrong-{name}"))
            assert_told(outcomes[-1], form, WRONG, "password", "wrong-credentials")
    assert outcomes[0].sentences == outcomes[1].sentences


@story
async def test_a_server_that_says_404_gives_nothing_away_either(
    new_server: NewServer, tmp_path: Path
) -> None:
    address = f"sip:{LOOPBACK}:{new_server(unknown_status=404).port};transport=tcp"
    form = Form(address, UNKNOWN, SECRET)
    async with Windowed(tmp_path / "program") as program:
        assert_told(await refused(program, form), form, WRONG, "password", "wrong-credentials")


@story
async def test_no_right_and_then_signed_in_with_another_number(server: Kamailio, tmp_path: Path) -> None:
    """The refusal goes with the next try; only what is wrong has to be typed again."""
    form = Form(f"sip:{LOOPBACK}:{server.port};transport=udp", BARRED, SECRET)
    async with Windowed(tmp_path / "program") as program:
        assert_told(await refused(program, form, "no-right"), form, NO_RIGHT, "user", "no-right")
        window = program.desk.sign_in
        window.user.editor.setText(KNOWN)
        await click(window.submit)
        await program.registered()
        await until(lambda: program.desk.main.isVisible() and not window.isVisible(), "the main window")
        assert not window.refusal.isVisible()
        assert window.password.editor.text() == ""
        await until(program.desk.settings.isVisible, "the headset page after the first sign-in")
        assert program.desk.settings.page == "headset"


@pytest.mark.parametrize("fault", ["expired", "other-name", "unknown-authority"])
def test_a_certificate_that_is_not_trusted(
    fault: str, authority: Authority, new_server: NewServer, tmp_path: Path
) -> None:
    issuer = Authority(tmp_path / "nobody") if fault == "unknown-authority" else authority
    names = ("phone.example.com",) if fault == "other-name" else ("localhost", LOOPBACK)
    pair = issuer.issue(*names, expired=fault == "expired")
    kamailio = new_server(certificate=pair)
    form = Form(f"sips:localhost:{kamailio.tls_port}", KNOWN, SECRET, str(authority.ca_file))

    @story
    async def play() -> None:
        async with Windowed(tmp_path / "program") as program:
            outcome = await refused(program, form, f"certificate-{fault}")
            assert_told(outcome, form, CERTIFICATE, "server", "certificate")

    play()


@story
async def test_a_server_that_is_silent(tmp_path: Path) -> None:
    with socket.create_server((LOOPBACK, 0)) as deaf:
        form = Form(f"sip:{LOOPBACK}:{deaf.getsockname()[1]};transport=tcp", KNOWN, SECRET)
        async with Windowed(tmp_path / "program") as program:
            outcome = await refused(program, form, "silent")
            assert_told(outcome, form, SILENT, "submit", "server-silent")


NAME_SERVER = """
ip link set lo up
ip address add 192.0.2.10/24 dev lo
ip route add default dev lo
echo "nameserver 127.0.0.1" > "{folder}/resolv.conf"
mount --bind "{folder}/resolv.conf" /etc/resolv.conf
"""
"""A network with an address, a way out that leads nowhere, and a name server on loopback."""


def test_no_network(tmp_path: Path) -> None:
    form = Form("vip.example.com", KNOWN, SECRET)
    outcome = refused_alone(tmp_path / "program", "true", form)
    assert_told(outcome, form, NO_NETWORK, "submit", "no-network")


def test_a_name_no_name_server_knows(tmp_path: Path) -> None:
    form = Form("vip.exampel.test", KNOWN, SECRET)
    outcome = refused_alone(tmp_path / "program", NAME_SERVER.format(folder=tmp_path), form, names=True)
    assert_told(outcome, form, NOT_FOUND, "server", "server-not-found")


@pytest.mark.parametrize(
    ("document", "said", "focus", "reason"),
    [
        ({"minimum_version": NEWER}, TOO_OLD, "submit", "too-old"),
        ({"sip_domain": ELSEWHERE}, LEADS_ELSEWHERE, "server", "other-server"),
    ],
    ids=["too-old", "leads-elsewhere"],
)
def test_what_a_server_says_of_itself(
    document: dict[str, str],
    said: tuple[str, str],
    focus: str,
    reason: str,
    authority: Authority,
    tmp_path: Path,
) -> None:
    """The server's own word, over verified HTTPS, before any password is sent."""
    pair = authority.issue("localhost")
    well = Well(str(pair.certificate), str(pair.key), document)
    form = Form("localhost", KNOWN, SECRET, str(authority.ca_file))
    outcome = refused_alone(tmp_path / "program", "ip link set lo up", form, well=well)
    assert_told(outcome, form, said, focus, reason)
