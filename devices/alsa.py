"""The program's own ALSA configuration: one PCM that leads to any device of the sound server.

PortAudio sees the server only as ALSA's `pulse` and knows none of its devices. The PCM written here reads
its device from the environment at every opening: each device is reached at once, also one plugged in later,
and no running stream is touched. Children inherit the variable and find a default that is the sound server.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

PCM = "softphone"
CONFIGURATION = "ALSA_CONFIG_PATH"
DEVICE = "SOFTPHONE_SOUND_DEVICE"

_OWN = f"""# Written by Softphone: the way to one device of the sound server, named by {DEVICE}.
pcm.{PCM} {{
    type pulse
    device {{ @func getenv vars [ {DEVICE} ] default "" }}
    hint {{ show on description "Softphone" }}
}}
# PortAudio aborts where there is no default.
pcm.default {{ type pulse }}
"""

_SPLITTING = frozenset(": \t\n")
"""Where ALSA splits its variable. Half a path leads nowhere, and PortAudio aborts without a default."""


class AlsaConfiguration:
    """Names our file to ALSA, or leaves the system's own configuration in place. Raises OSError."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory.absolute()
        self._made: Path | None = None
        self._before = os.environ.get(CONFIGURATION)

    def use_server(self) -> None:
        """PortAudio will see our PCM alone, and starts at once."""
        file = self._place() / "alsa.conf"
        file.write_text(_OWN, encoding="utf-8")
        os.environ.setdefault(DEVICE, "")
        os.environ[CONFIGURATION] = str(file)

    def use_system(self) -> None:
        """PortAudio will see what ALSA has without us."""
        if self._before is None:
            os.environ.pop(CONFIGURATION, None)
        else:
            os.environ[CONFIGURATION] = self._before

    def aim(self, device: str) -> None:
        """The next opening of our PCM leads to this sink or source."""
        os.environ[DEVICE] = device

    def close(self) -> None:
        """Remove a folder that had to be made."""
        if self._made is not None:
            shutil.rmtree(self._made, ignore_errors=True)

    def _place(self) -> Path:
        """The given folder, or a temporary one where ALSA could not read the given one's name."""
        if not _SPLITTING.intersection(str(self._directory)):
            self._directory.mkdir(parents=True, exist_ok=True)
            return self._directory
        if self._made is None:
            self._made = Path(tempfile.mkdtemp(prefix="softphone-"))
        if _SPLITTING.intersection(str(self._made)):
            raise OSError(f"ALSA can't read files in {self._made}")
        return self._made
