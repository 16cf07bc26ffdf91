"""The log in the profile: rotated, and without secrets even where somebody logs what they should not."""

from __future__ import annotations

import logging
import logging.handlers
import re
import sys
from pathlib import Path

FILE_BYTES = 2_000_000
FILES_KEPT = 5
FORMAT = "%(asctime)s %(levelname)s %(threadName)s %(name)s: %(message)s"
HIDDEN = "***"

_SECRETS = (
    re.compile(r"(\bresponse\s*=\s*\"?)[0-9a-fA-F]{16,128}"),
    re.compile(r"(\binline:)[A-Za-z0-9+/=]{16,}"),
    re.compile(
        r"(['\"]?\b(?:password|passwd|secret|ha1)\b['\"]?\s*[=:]\s*)(?:'[^']*'|\"[^\"]*\"|[^\s,;)]+)", re.I
    ),
    re.compile(r"(\b(?:Proxy-)?Authorization:\s*(?:Basic|Bearer)\s+)\S+", re.I),
    re.compile(r"(\bsips?:[^\s:@<>]+:)[^\s@<>]+(?=@)", re.I),
)


class SecretsHidden(logging.Formatter):
    """Hides digest responses, SRTP keys and passwords in the finished line, tracebacks included."""

    def format(self, record: logging.LogRecord) -> str:
        """The line as it is written."""
        return without_secrets(super().format(record))


def without_secrets(text: str) -> str:
    """The text with everything that looks like a secret replaced."""
    for pattern in _SECRETS:
        text = pattern.sub(rf"\g<1>{HIDDEN}", text)
    return text


def write_logs(folder: Path, *, level: int = logging.INFO) -> None:
    """Log to `folder` (rotated), warnings to standard error too. A full disk silences the file alone."""
    root = logging.getLogger()
    root.setLevel(level)
    logging.raiseExceptions = False
    shown: list[logging.Handler] = []
    if sys.stderr is not None:
        console = logging.StreamHandler()
        console.setLevel(logging.WARNING)
        shown.append(console)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        shown.append(
            logging.handlers.RotatingFileHandler(
                folder / "softphone.log", maxBytes=FILE_BYTES, backupCount=FILES_KEPT - 1, encoding="utf-8"
            )
        )
    except OSError as error:
        logging.getLogger(__name__).warning("no log file: %s", error)
    for handler in shown:
        handler.setFormatter(SecretsHidden(FORMAT))
        root.addHandler(handler)
    for noisy in ("httpx", "httpcore", "aioice", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # It quotes the lines it can't read, and they are somebody's address book.
    logging.getLogger("vobject").setLevel(logging.CRITICAL)
