"""What an Opus call costs beside linphonec, both with echo cancelling on PulseAudio, in the same minutes.

The program (headless, echo cancelling on, noise suppression low; then once more without either) and
linphonec (its echo canceller on) talk at the same time, each with a baresip of its own, by SDES-SRTP over
UDP, a headset each, the same speech in both microphones and from both far ends. CPU time is what the kernel
counted for each process.

    python -m benchmarks.call_cost [--seconds 60]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.engine_loop import Usage, usage
from tests.lab.baresip import Baresip, Phone
from tests.lab.kamailio import Kamailio, Options, User
from tests.lab.linphone import Cards, Line, Linphone
from tests.lab.ports import LOOPBACK
from tests.lab.process import PeerFailed
from tests.lab.program import Program
from tests.lab.pulse import RATE, Pcm, PulseRig, pulse_rig
from tests.lab.sound import write_wav
from tests.lab.speech import speak

US, OURS, LINPHONE, THEIRS, SECRET = "0401000001", "0401000002", "0401000003", "0401000004", "not-a-secret"
SETTLE_S = 6.0
"""Echo cancellers have converged by then, jitter buffers calmed down."""

OPUS = ("opus/48000/2",)
TREATED = {"audio.echo_cancel": "on", "audio.noise_suppression": "low"}
UNTREATED = {"audio.echo_cancel": "off", "audio.noise_suppression": "off"}


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds a minute and resident MB."""

    cpu_s: float
    resident_mb: float

    @classmethod
    def between(cls, before: Usage, after: Usage, seconds: float) -> Cost:
        """Of two looks so far apart."""
        return cls((after.cpu_s - before.cpu_s) * 60 / seconds, after.resident_mb)


class Rivals:
    """Two phones at one server, each with somebody to talk to who says `spoken`; all end with `stack`."""

    def __init__(
        self, folder: Path, rig: PulseRig, stack: ExitStack, treatment: dict[str, str], spoken: Pcm
    ) -> None:
        folder.mkdir()
        self._folder, self._stack = folder, stack
        rig.plug_speaker("other", "Other Headset")
        rig.plug_microphone("other_mic", "Other Microphone")
        people = tuple(User(number, SECRET) for number in (US, OURS, LINPHONE, THEIRS))
        self._server = Kamailio(folder / "server", Options(people))
        stack.callback(self._server.stop)
        self._server.start()
        self._address = f"{LOOPBACK}:{self._server.port}"
        self._says = write_wav(folder / "says.wav", spoken)
        settings = {
            "audio.microphone": "pulse:headset_mic",
            "audio.speaker": "pulse:headset",
            "call.sdes_without_tls": "true",
            **treatment,
        }
        self.program = Program(folder / "program", rig.environment, settings)
        stack.callback(self.program.stop)
        self.program.start()
        self.program.sign_in(f"localhost:{self._server.port}", US, SECRET, transport="udp")
        cards = Cards("Other Headset", "Other Microphone", rig.environment)
        line = Line(LINPHONE, SECRET, self._address, cards, encryption="srtp", codecs=("opus",))
        self.linphone = Linphone(folder / "linphone", line)
        stack.callback(self.linphone.stop)
        self.linphone.start()
        if not self.linphone.cancels_echo():
            raise PeerFailed("linphonec does not cancel echo")

    def far_end(self, number: str) -> Baresip:
        """Somebody who answers and says the same all the time."""
        phone = Phone(number, SECRET, self._address, self._says, media_encryption="srtp", codecs=OPUS)
        baresip = Baresip(self._folder / number, phone)
        self._stack.callback(baresip.stop)
        baresip.start()
        return baresip

    def call(self) -> None:
        """Both begin to talk. Raises PeerFailed."""
        ours, theirs = self.far_end(OURS), self.far_end(THEIRS)
        self.program.control("dial", target=OURS)
        self.linphone.dial(THEIRS)
        self.program.call_in("active")
        self.linphone.wait_for("connected")
        for phone in (ours, theirs):
            phone.wait_for("CALL_ESTABLISHED")


def talk(folder: Path, seconds: float) -> Pcm:
    """Somebody who talks half of the time."""
    said = speak(folder)
    turn = np.concatenate([said, np.zeros(len(said), np.int16)])
    whole: Pcm = np.tile(turn, int(np.ceil(seconds * RATE / len(turn))))
    return whole


def compared(seconds: float, treatment: dict[str, str]) -> tuple[Cost, Cost]:
    """Ours and linphonec's, in the same `seconds`. Raises PeerFailed."""
    with (
        tempfile.TemporaryDirectory() as folder,
        pulse_rig(Path(folder) / "pulse") as rig,
        ExitStack() as stack,
    ):
        spoken = talk(Path(folder), seconds + 6 * SETTLE_S)  # at its end a far end would hang up
        rivals = Rivals(Path(folder) / "rivals", rig, stack, treatment, spoken)
        for microphone in ("headset_mic", "other_mic"):
            stack.enter_context(rig.saying(microphone, spoken))
        rivals.call()
        time.sleep(SETTLE_S)
        processes = rivals.program.pid, rivals.linphone.pid
        before = [usage(pid) for pid in processes]
        began = time.monotonic()
        time.sleep(seconds)
        passed = time.monotonic() - began
        after = [usage(pid) for pid in processes]
        rivals.program.call_in("active")
        ours, theirs = (Cost.between(*pair, passed) for pair in zip(before, after, strict=True))
        return ours, theirs


def show(name: str, ours: Cost, theirs: Cost) -> None:
    """One line."""
    print(
        f"{name:44s}{ours.cpu_s:8.2f}{theirs.cpu_s:12.2f}{ours.resident_mb:10.0f}{theirs.resident_mb:12.0f}",
        flush=True,
    )


def main(argv: Sequence[str] | None = None) -> None:
    """Print the comparison."""
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--seconds", type=float, default=60.0)
    seconds = given.parse_args(argv).seconds
    print(f"{'Opus call, SDES-SRTP':44s}{'CPU s/min':>8s}{'linphonec':>12s}{'MB':>9s}{'linphonec':>12s}")
    show("echo cancelling, noise suppression low", *compared(seconds, TREATED))
    show("ours untreated, linphonec as before", *compared(seconds, UNTREATED))


if __name__ == "__main__":
    main()
