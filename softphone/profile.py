"""One person's folder: settings, history, contacts, logs, the lock and the control socket."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs


def default_folder() -> Path:
    """Where the platform keeps a person's program data."""
    return Path(platformdirs.user_data_dir("Softphone", appauthor=False))


@dataclass(frozen=True, slots=True)
class Profile:
    """Paths within the folder. Secrets are not among them: they are in the keyring."""

    folder: Path

    @property
    def settings(self) -> Path:
        """What the user chose."""
        return self.folder / "settings.json"

    @property
    def history(self) -> Path:
        """Past calls."""
        return self.folder / "history.sqlite"

    @property
    def contacts(self) -> Path:
        """The user's own contacts."""
        return self.folder / "contacts.sqlite"

    @property
    def draft(self) -> Path:
        """The appointment somebody is typing."""
        return self.folder / "appointment-draft.json"

    @property
    def log(self) -> Path:
        """Folder of the log files."""
        return self.folder / "log"

    @property
    def lock(self) -> Path:
        """Held by the one program that uses this profile."""
        return self.folder / "lock"

    def prepare(self) -> None:
        """Make the folder, readable by its person alone. Raises OSError."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.name == "posix":
            self.folder.chmod(0o700)
