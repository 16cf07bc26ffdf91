"""What a headset means: reports in, presses out; the program's lights in, reports out. No clock, no device.

Two rules beside the usage tables:
- A headset that goes off-hook while no call of ours rings or runs serves another program's call. Until it is
  on-hook again its buttons are that program's, and nothing is written.
- A headset repeats to us what it was told. What only repeats our own state is no press.
"""

from __future__ import annotations

from devices.hid.layout import Layout
from devices.hid.types import DARK, Lights, Press
from devices.hid.usages import Control

ECHO_S = 1.0
"""How late a headset may still repeat that it was told to go off-hook or on-hook."""
MUTE_ECHO_S = 0.25
"""The same for mute, where a real press must not be lost for long."""
DEBOUNCE_S = 0.15
MOMENTARY_S = 0.5
"""A state that falls back sooner than this was a button held down, not a state."""

_LONG_AGO = float("-inf")


class HeadsetLogic:
    """One headset. Times are seconds of one clock that never goes back."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._values: dict[Control, int] = {}
        self._pressed_at: dict[Control, float] = {}
        self._momentary = set(layout.pulses)
        self._wanted = DARK
        self._told: dict[str, bool] = dict.fromkeys(layout.lights, False)
        self._stale: set[str] = set()
        self._lifted_at = self._muted_on_at = _LONG_AGO
        self._told_off_hook_at = self._told_on_hook_at = self._told_mute_at = _LONG_AGO
        self._undecided = False
        self._guessed = False
        self.elsewhere = False
        """Another program's call is on."""

    def begin(self, report: bytes) -> None:
        """The state the headset is in when it is found. It may be stale, so the next report corrects it."""
        if self._layout.read(report).get(Control.HOOK, 0) > 0:
            self._values[Control.HOOK] = 1
            self.elsewhere = self._guessed = True

    def hear(self, report: bytes, now: float) -> tuple[Press, ...]:
        """What was pressed, if anything."""
        presses = []
        for control, value in self._layout.read(report).items():
            press = self._changed(control, max(0, value), now)
            if press is not None:
                presses.append(press)
        self._undecided = self._undecided or bool(presses)
        return tuple(presses)

    def show(self, lights: Lights) -> None:
        """What the program wants shown from now on. After every press it says so anew.

        A call begins with a word on mute: who knows what the headset was left with.
        """
        begins = lights.off_hook and not self._wanted.off_hook
        self._wanted = lights
        self._undecided = False
        states = ((Control.HOOK, "off_hook"), (Control.MUTE, "muted"))
        self._stale = {name for control, name in states if self._contradicts(control, name)}
        if begins and "muted" in self._told:
            self._stale.add("muted")

    def due(self, now: float) -> tuple[bytes, ...]:
        """The reports to write now; none while another program's call is on or a press is being handled."""
        if self.elsewhere or self._undecided:
            return ()
        changed = {name for name, told in self._told.items() if told != getattr(self._wanted, name)}
        changed |= self._stale
        reports = self._layout.write(self._wanted) if changed else {}
        wanted = [i for i in reports if any(self._layout.shows(i, name) for name in changed)]
        self._note(changed, now)
        return tuple(reports[i] for i in sorted(wanted, key=self._precedence))

    def _contradicts(self, control: Control, name: str) -> bool:
        """Whether the headset's own state is another than wanted, so that it must be told (again).

        Between calls a headset may keep its mute switch as it likes.
        """
        if control in self._momentary or name not in self._told or self.elsewhere:
            return False
        if control is Control.MUTE and not self._wanted.off_hook:
            return False
        wanted: bool = getattr(self._wanted, name)
        return bool(self._values.get(control, wanted)) != wanted

    def _precedence(self, report_id: int) -> bool:
        """Off-hook goes before the end of ringing, or the headset would take the call for missed."""
        return not self._layout.shows(report_id, "off_hook")

    def _note(self, changed: set[str], now: float) -> None:
        self._stale = set()
        for name in changed:
            self._told[name] = getattr(self._wanted, name)
        if "off_hook" in changed and self._wanted.off_hook:
            self._told_off_hook_at = now
        elif "off_hook" in changed:
            self._told_on_hook_at = now
        if "muted" in changed:
            self._told_mute_at = now

    # --- what a control's new value means --------------------------------------------------------

    def _changed(self, control: Control, value: int, now: float) -> Press | None:
        before = self._values.get(control, 0)
        if control is Control.HOOK and self._guessed:
            self._guessed = False
            if value:
                before, self.elsewhere = 0, False
        self._values[control] = value
        if bool(before) == bool(value) and not self._repeats(control, value, now):
            return None
        if control is Control.HOOK:
            return self._hook(bool(value), now)
        if self.elsewhere:
            return None
        if control is Control.MUTE:
            return self._mute(bool(value), now)
        return self._button(control, bool(value), now)

    def _repeats(self, control: Control, value: int, now: float) -> bool:
        """A relative control may say "pressed" twice without saying "released" between."""
        long_since = now - self._pressed_at.get(control, _LONG_AGO) >= DEBOUNCE_S
        return bool(value) and control in self._layout.pulses and long_since

    def _once(self, control: Control, now: float) -> bool:
        """Whether this is a press, and not a contact that bounces."""
        before = self._pressed_at.get(control, _LONG_AGO)
        self._pressed_at[control] = now
        return now - before >= DEBOUNCE_S

    def _hook(self, lifted: bool, now: float) -> Press | None:
        if Control.HOOK in self._momentary:
            return self._hook_button(lifted, now)
        return self._lifted(now) if lifted else self._laid(now)

    def _hook_button(self, down: bool, now: float) -> Press | None:
        """A hook button without a state: one press answers, the next one ends."""
        if not down or self.elsewhere or not self._once(Control.HOOK, now):
            return None
        if now - self._told_off_hook_at < MUTE_ECHO_S:
            return None
        if self._wanted.off_hook:
            return Press.HANG_UP
        return Press.PICK_UP if self._wanted.ringing else None

    def _lifted(self, now: float) -> Press | None:
        if now - self._told_off_hook_at < ECHO_S:
            return None
        if self._wanted.ringing:
            self._lifted_at = now
            return Press.PICK_UP
        self.elsewhere = not self._wanted.off_hook
        return None

    def _laid(self, now: float) -> Press | None:
        if self.elsewhere:
            self.elsewhere = False
            return None
        if now - self._lifted_at < MOMENTARY_S and Control.HOOK not in self._layout.stays:
            self._momentary.add(Control.HOOK)
            return None
        echo = now - self._told_on_hook_at < ECHO_S
        return Press.HANG_UP if self._wanted.off_hook and not echo else None

    def _mute(self, on: bool, now: float) -> Press | None:
        if not self._wanted.off_hook:
            return None
        if Control.MUTE in self._momentary:
            echo = now - self._told_mute_at < MUTE_ECHO_S
            return Press.MUTE_TOGGLE if on and not echo and self._once(Control.MUTE, now) else None
        if not on and now - self._muted_on_at < MOMENTARY_S and Control.MUTE not in self._layout.stays:
            self._momentary.add(Control.MUTE)
            return None
        if on == self._wanted.muted:
            return None
        self._muted_on_at = now if on else _LONG_AGO
        return Press.MUTE_ON if on else Press.MUTE_OFF

    def _button(self, control: Control, down: bool, now: float) -> Press | None:
        in_call = self._wanted.off_hook or self._wanted.ringing
        if control is Control.HOLD and control not in self._momentary:
            return Press.FLASH if in_call and down != self._wanted.held else None
        if not down or not self._once(control, now):
            return None
        if control is Control.REDIAL:
            return None if in_call else Press.REDIAL
        if control is Control.REJECT:
            return Press.DECLINE if self._wanted.ringing else None
        return (Press.DROP if control is Control.DROP else Press.FLASH) if in_call else None
