"""Sound devices that make no sound: tests plug, pull and read what was played."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from softphone.domain.device import SYSTEM_DEFAULT, Device, DeviceState, MicrophoneState

HEADSET = Device("fake:headset", "Jabra Evolve2", True, True)
SPEAKERS = Device("fake:speakers", "Laptop speakers", False, True, is_default_output=True)
MICROPHONE = Device("fake:microphone", "Laptop microphone", True, False, is_default_input=True)


class FakeSound:
    """Implements ports.Sound. `ringing` and `tone` tell what plays; `played` every tone in order."""

    def __init__(self, *devices: Device) -> None:
        self.devices = devices or (MICROPHONE, SPEAKERS, HEADSET)
        self.named: dict[str, str] = {}
        """Ids and names of devices that are not listed, as files are."""
        self.ringing = False
        self.tone = ""
        self.played: list[str] = []
        self.tried: list[str] = []
        self.metering = False
        self.level = (-30.0, -40.0)
        self.open_microphone = MicrophoneState()
        self._chosen: tuple[str, str, tuple[str, ...]] = (SYSTEM_DEFAULT, SYSTEM_DEFAULT, (SYSTEM_DEFAULT,))
        self._callbacks: list[Callable[[DeviceState], None]] = []

    def plug(self, device: Device) -> None:
        """A device comes."""
        self.devices = (*self.devices, device)
        self._tell()

    def pull(self, device_id: str) -> None:
        """A device goes."""
        self.devices = tuple(device for device in self.devices if device.id != device_id)
        self._tell()

    def listen(self, callback: Callable[[DeviceState], None]) -> None:
        """See ports.Sound."""
        self._callbacks.append(callback)

    def state(self) -> DeviceState:
        """See ports.Sound."""
        microphone, speaker, ring = self._chosen
        bare = DeviceState(devices=self.devices)
        return replace(
            bare,
            microphone=microphone,
            speaker=speaker,
            ring=ring,
            microphone_used=self.named.get(microphone) or _used(bare.inputs, microphone),
            speaker_used=self.named.get(speaker) or _used(bare.outputs, speaker),
            ring_used=tuple(name for name in (_used(bare.outputs, device) for device in ring) if name),
        )

    def microphone(self) -> MicrophoneState:
        """See ports.Sound."""
        return self.open_microphone

    async def choose(self, *, microphone: str, speaker: str, ring: Sequence[str]) -> None:
        """See ports.Sound."""
        self._chosen = (microphone, speaker, tuple(ring))
        self._tell()

    async def start_ring(self) -> None:
        """See ports.Sound."""
        self.ringing = True
        self.played.append("ring")

    async def stop_ring(self) -> None:
        """See ports.Sound."""
        self.ringing = False

    async def call_waiting(self) -> None:
        """See ports.Sound."""
        self.played.append("call-waiting")

    async def play_tone(self, tone: str) -> None:
        """See ports.Sound."""
        self.tone = "" if tone in ("beep", "test") else tone
        self.played.append(tone)

    async def stop_tone(self) -> None:
        """See ports.Sound."""
        self.tone = ""

    def levels(self) -> tuple[float, float]:
        """See ports.Sound."""
        return self.level

    async def listen_to_microphone(self, on: bool) -> None:
        """See ports.Sound."""
        self.metering = on

    async def try_ring(self, device_id: str) -> None:
        """See ports.Sound."""
        self.tried.append(device_id)

    def _tell(self) -> None:
        for callback in tuple(self._callbacks):
            callback(self.state())


def _used(devices: Sequence[Device], chosen: str) -> str:
    for device in devices:
        if device.id == chosen:
            return device.name
    for device in devices:
        if device.is_default_input or device.is_default_output:
            return device.name
    return devices[0].name if devices else ""
