"""Settings: what the user chose, beneath what this run's command line says, beneath the company's policy."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from softphone.domain.errors import BadSetting, StorageError
from softphone.domain.events import Notice, SettingChanged
from softphone.ports import SettingsStore
from softphone.runtime.bus import Bus
from softphone.services.setting_keys import DEFINITIONS, Definition, definition

log = logging.getLogger(__name__)


class Settings:
    """Typed settings in three layers; only the user's own layer is ever written to disk.

    `policy` locks its keys. `overrides` (from `--set`) hold for this run until the user changes the key;
    they never weaken a policy.
    """

    def __init__(
        self,
        store: SettingsStore,
        bus: Bus,
        *,
        policy: Mapping[str, object] | None = None,
        overrides: Mapping[str, str] | None = None,
    ) -> None:
        self._store = store
        self._bus = bus
        self._policy = _known(policy or {}, "the policy")
        self._overrides = {key: definition(key).parse(text) for key, text in (overrides or {}).items()}
        self._own: dict[str, object] = {}
        self._foreign: dict[str, object] = {}
        self._watchers: list[tuple[str, Callable[[object], None]]] = []
        self._unsaved = False

    async def load(self) -> None:
        """Read the stored values; a damaged file starts anew and the person is told."""
        try:
            stored, damaged = await self._store.load()
        except StorageError as error:
            log.warning("settings not readable: %s", error)
            self._bus.publish(Notice("storage-failed", {"what": "settings"}))
            return
        self._own = _known(stored, "the settings file")
        self._foreign = {key: value for key, value in stored.items() if key not in DEFINITIONS}
        if damaged:
            self._bus.publish(Notice("settings-recovered"))

    def get(self, key: str) -> object:
        """The value in force. Raises BadSetting for an unknown key."""
        default = definition(key).default
        for layer in (self._policy, self._overrides, self._own):
            if key in layer:
                return layer[key]
        return default

    def text(self, key: str) -> str:
        """A text setting."""
        return str(self.get(key))

    def flag(self, key: str) -> bool:
        """A yes-or-no setting."""
        return self.get(key) is True

    def number(self, key: str) -> int:
        """A number setting."""
        return int(str(self.get(key)))

    def names(self, key: str) -> tuple[str, ...]:
        """A list setting."""
        value = self.get(key)
        return tuple(str(name) for name in value) if isinstance(value, tuple) else ()

    def locked(self, key: str) -> bool:
        """Whether the policy decides this key."""
        return key in self._policy

    def definitions(self) -> tuple[Definition, ...]:
        """All settings a person may see."""
        return tuple(entry for entry in DEFINITIONS.values() if not entry.internal)

    async def set(self, key: str, value: object) -> None:
        """Change a setting and store it. Raises BadSetting for a wrong value or a key the policy decides.

        When the disk refuses, the value holds for this run and the person is told.
        """
        checked = definition(key).check(value)
        if self.locked(key):
            raise BadSetting(f"{key} is decided by policy")
        before = self.get(key)
        self._overrides.pop(key, None)
        self._own[key] = checked
        if checked != before:
            self._tell(key, checked)
        await self._save()

    async def set_text(self, key: str, text: str) -> None:
        """Change a setting from text, as on a command line."""
        await self.set(key, definition(key).parse(text))

    def subscribe(self, key: str, callback: Callable[[object], None]) -> Callable[[], None]:
        """Hear one key's changes; the returned function ends it."""
        watcher = (key, callback)
        self._watchers.append(watcher)

        def cancel() -> None:
            if watcher in self._watchers:
                self._watchers.remove(watcher)

        return cancel

    def _tell(self, key: str, value: object) -> None:
        for watched, callback in tuple(self._watchers):
            if watched == key:
                callback(value)
        self._bus.publish(SettingChanged(key, value))

    async def _save(self) -> None:
        values = {key: list(v) if isinstance(v, tuple) else v for key, v in self._own.items()}
        try:
            await self._store.save({**self._foreign, **values})
        except StorageError as error:
            log.warning("settings not written: %s", error)
            if not self._unsaved:
                self._bus.publish(Notice("storage-failed", {"what": "settings"}))
            self._unsaved = True
            return
        if self._unsaved:
            self._bus.publish(Notice("storage-recovered", {"what": "settings"}))
        self._unsaved = False


def _known(values: Mapping[str, object], origin: str) -> dict[str, object]:
    """The values this version understands; others are left alone, not trusted."""
    known: dict[str, object] = {}
    for key, value in values.items():
        try:
            known[key] = definition(key).check(value)
        except BadSetting as error:
            log.warning("%s: %s", origin, error)
    return known
