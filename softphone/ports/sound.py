"""Devices, their roles, ring and tones; headsets with buttons."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from softphone.domain.device import IN_EAR, DeviceState, MicrophoneState
from softphone.domain.headset import HeadsetEvent, HeadsetLights, HeadsetState
from softphone.domain.sound_test import EchoFinding, MicrophoneFinding


class Sound(Protocol):
    """Devices, their roles, the ring and the tones. Speech of calls flows beneath, unseen by the core."""

    def listen(self, callback: Callable[[DeviceState], None]) -> None:
        """Call `callback` when devices come or go, or a role uses another device."""
        ...

    def state(self) -> DeviceState:
        """Devices and roles as they stand."""
        ...

    async def choose(
        self,
        *,
        microphone: Sequence[str],
        speaker: Sequence[str],
        ring: Sequence[str],
        alert: Sequence[str] = (IN_EAR,),
    ) -> None:
        """Set the roles' lists of ids, the best first (the ring's is a set); used at once, in a running call
        too."""
        ...

    def treat(self, *, echo: str, noise: str) -> None:
        """Echo cancelling "auto" (on unless the speaker in use is worn), "on" or "off"; noise suppression
        "off", "low" or "high". Used at once, and followed whenever another speaker is in use."""
        ...

    async def start_ring(self) -> None:
        """Play the ring tone on every chosen ring device, until stopped."""
        ...

    async def stop_ring(self) -> None:
        """Stop the ring tone; harmless when none plays."""
        ...

    async def call_waiting(self) -> None:
        """One soft tone in the alert's place: a second call waits."""
        ...

    async def play_tone(self, tone: str) -> None:
        """Play `ringback`, `busy`, `congestion` or `test` in the ear, `beep` in the alert's place, until
        `stop_tone` (beep and test end by themselves)."""
        ...

    async def stop_tone(self) -> None:
        """Stop the ear's tone; harmless when none plays."""
        ...

    def levels(self) -> tuple[float, float]:
        """Microphone and speaker level in dBFS over the last 50 ms."""
        ...

    def underflows(self) -> int:
        """How often since the start the speaker had nothing left to play; each is a hole of some ms."""
        ...

    def microphone(self) -> MicrophoneState:
        """What the open microphone delivers; at rest while none is open."""
        ...

    async def listen_to_microphone(self, on: bool) -> None:
        """Keep the microphone open for the level meter of the settings page."""
        ...

    async def try_ring(self, device_id: str) -> None:
        """Play the ring tone for two seconds on one device."""
        ...

    def stop_trying(self) -> None:
        """Silence what `try_ring` plays; harmless when nothing does."""
        ...

    async def record(self, seconds: float) -> MicrophoneFinding:
        """Record what others would hear, in memory alone, in place of what was recorded before.

        Raises DeviceError.
        """
        ...

    async def play_recording(self) -> None:
        """Play the recording in the speaker to its end, which comes at once where there is none.

        Raises DeviceError.
        """
        ...

    def forget_recording(self) -> None:
        """Throw the recording away."""
        ...

    async def tone_on(self, device_id: str) -> None:
        """Play the test tone to its end on one output, or where speech is heard ("").

        Raises DeviceError for one that is away, does not open or takes nothing.
        """
        ...

    async def echo_check(self) -> EchoFinding:
        """Play a sound in the speaker and look for it in the microphone, after echo cancelling: five seconds.

        Raises DeviceError.
        """
        ...


class Headset(Protocol):
    """Buttons and lights of whatever headsets are plugged in. Nothing here waits for a device."""

    def listen(self, callback: Callable[[HeadsetEvent], None]) -> None:
        """Call `callback` for every press; it is answered by `show` once the press has had its effect."""
        ...

    def show(self, lights: HeadsetLights) -> None:
        """Show the calls there are; one in another program's call is left alone until that has ended."""
        ...

    def prefer(self, sound_devices: Sequence[str]) -> None:
        """Names of the sound devices in use: where one is a headset with buttons, only its buttons count."""
        ...

    def state(self) -> HeadsetState:
        """Which headsets are in use."""
        ...

    async def start(self) -> None:
        """Begin to look for headsets; harmless when begun already. Never raises: `state` tells problems."""
        ...

    async def close(self) -> None:
        """Put all lights out and let the headsets go; harmless when done already."""
        ...
