"""Sound devices that make no sound: tests plug, pull and read what was played."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from softphone.domain.device import (
    ANY_OUTPUT,
    IN_EAR,
    PLACES,
    SYSTEM_DEFAULT,
    Device,
    DeviceState,
    MicrophoneState,
    Reason,
    Standing,
)
from softphone.domain.errors import DeviceError
from softphone.domain.sound_test import EchoFinding, EchoVerdict, MicrophoneFinding, judge_microphone

HEADSET = Device("fake:headset", "Jabra Evolve2", True, True, kind="headset")
SPEAKERS = Device("fake:speakers", "Laptop speakers", False, True, is_default_output=True, kind="speakers")
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
        self.silenced = 0
        """How often rings that were tried were to be silent."""
        self.metering = False
        self.level = (-30.0, -40.0)
        self.emptied = 0
        """How often the speaker ran dry."""
        self.open_microphone = MicrophoneState()
        self.broken: set[str] = set()
        """Ids of devices that are there and do not work."""
        self.patience = asyncio.Event()
        """Cleared, tests of devices go on until it is set."""
        self.patience.set()
        self.recording = 0.0
        """Seconds that are kept."""
        self.echo = EchoFinding(EchoVerdict.FINE, 42.0)
        self.treatment = ("", "")
        """Echo and noise as asked for."""
        self._wishes = DeviceState()
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
        wishes = replace(self._wishes, devices=self.devices)
        hears = self._standing(wishes.microphone, wishes.inputs)
        speaks = self._standing(wishes.speaker, wishes.outputs)
        alerts = self._standing(wishes.alert, wishes.outputs)
        if wishes.alert[:1] in ((), (IN_EAR,)) or not alerts.listed:
            alerts = replace(alerts, used=speaks.used, listed=IN_EAR in wishes.alert)
        rings = [
            self._standing((place,), wishes.outputs).used for place in wishes.ring if place != ANY_OUTPUT
        ]
        if ANY_OUTPUT in wishes.ring:
            rings = [device.id for device in wishes.outputs]
        return replace(
            wishes,
            microphone_used=self._name(hears.used),
            speaker_used=self._name(speaks.used),
            alert_used=self._name(alerts.used),
            ring_used=tuple(self._name(used) for used in rings if used),
            microphone_why=hears,
            speaker_why=speaks,
            alert_why=replace(alerts, reason=Reason.AS_WISHED if alerts.wanted == IN_EAR else alerts.reason),
        )

    def _name(self, identity: str) -> str:
        names = {device.id: device.name for device in self.devices}
        return (names | self.named).get(identity, "")

    def _standing(self, wishes: Sequence[str], devices: Sequence[Device]) -> Standing:
        """The first wish that is there, else the default, else anything."""
        wanted = next(iter(wishes), SYSTEM_DEFAULT)
        default = [d.id for d in devices if d.is_default_input or d.is_default_output]
        there = {d.id for d in devices} | self.named.keys()
        meant = {wish: [wish] if wish in there else [] for wish in wishes if wish not in PLACES}
        meant[SYSTEM_DEFAULT] = default
        order = [i for wish in (*wishes, SYSTEM_DEFAULT) for i in meant.get(wish, [])]
        order += [d.id for d in devices]
        used = next((identity for identity in order if identity not in self.broken), "")
        if not order:
            reason = Reason.NONE
        elif used in meant.get(wanted, []) or (wanted == SYSTEM_DEFAULT and not default):
            reason = Reason.AS_WISHED
        else:
            reason = Reason.FAILED if meant.get(wanted) else Reason.NOT_PLUGGED_IN
        return Standing(wanted, used, reason, used in wishes)

    def microphone(self) -> MicrophoneState:
        """See ports.Sound."""
        return self.open_microphone

    async def choose(
        self,
        *,
        microphone: Sequence[str],
        speaker: Sequence[str],
        ring: Sequence[str],
        alert: Sequence[str] = (IN_EAR,),
    ) -> None:
        """See ports.Sound."""
        self._wishes = DeviceState((), tuple(microphone), tuple(speaker), tuple(ring), alert=tuple(alert))
        self._tell()

    def treat(self, *, echo: str, noise: str) -> None:
        """See ports.Sound."""
        self.treatment = (echo, noise)

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

    def underflows(self) -> int:
        """See ports.Sound."""
        return self.emptied

    async def listen_to_microphone(self, on: bool) -> None:
        """See ports.Sound."""
        self.metering = on

    async def try_ring(self, device_id: str) -> None:
        """See ports.Sound."""
        self.tried.append(device_id)

    def stop_trying(self) -> None:
        """See ports.Sound."""
        self.silenced += 1

    async def record(self, seconds: float) -> MicrophoneFinding:
        """See ports.Sound. What is found is what `open_microphone` says."""
        found = self.open_microphone
        await self._tested("record")
        if not self.state().microphone_used:
            raise DeviceError("microphone")
        self.recording = seconds
        hearing = judge_microphone(found.level_dbfs, clipping=found.clipping, zero_for_s=found.zero_for_s)
        return MicrophoneFinding(hearing, found.level_dbfs, seconds)

    async def play_recording(self) -> None:
        """See ports.Sound."""
        if self.recording:
            await self._tested("recording")

    def forget_recording(self) -> None:
        """See ports.Sound."""
        self.recording = 0.0

    async def tone_on(self, device_id: str) -> None:
        """See ports.Sound."""
        there = {device.id for device in self.devices if device.is_output}
        if device_id in self.broken or not there or (device_id and device_id not in (*there, SYSTEM_DEFAULT)):
            raise DeviceError(device_id)
        await self._tested(f"tone {device_id}".rstrip())

    async def echo_check(self) -> EchoFinding:
        """See ports.Sound."""
        await self._tested("echo")
        return self.echo

    async def _tested(self, what: str) -> None:
        self.played.append(what)
        await self.patience.wait()

    def _tell(self) -> None:
        for callback in tuple(self._callbacks):
            callback(self.state())
