"""What the company decided: a file, the registry or managed preferences, written by administrators only."""

from __future__ import annotations

import importlib
import json
import logging
import plistlib
import sys
from pathlib import Path
from typing import Any

from softphone.services.setting_keys import DEFINITIONS, Kind

log = logging.getLogger(__name__)

LINUX_FILE = Path("/etc/softphone/policy.json")
MACOS_FILE = Path("/Library/Managed Preferences/softphone.plist")
REGISTRY_KEY = r"Software\Policies\Softphone"


def read_policy() -> dict[str, object]:
    """The machine's policy as setting keys and values; empty where there is none."""
    if sys.platform == "win32":
        return read_registry()
    if sys.platform == "darwin":
        return read_plist(MACOS_FILE)
    return read_json(LINUX_FILE)


def read_json(path: Path) -> dict[str, object]:
    """A policy file: one JSON object of setting keys and values."""
    try:
        values = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        log.warning("policy %s can't be read: %s", path.name, error)
        return {}
    if not isinstance(values, dict):
        log.warning("policy %s is not a JSON object", path.name)
        return {}
    return values


def read_plist(path: Path) -> dict[str, object]:
    """Managed preferences of macOS, one entry per setting key."""
    try:
        values = plistlib.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, plistlib.InvalidFileException) as error:
        log.warning("policy %s can't be read: %s", path.name, error)
        return {}
    return dict(values) if isinstance(values, dict) else {}


def read_registry() -> dict[str, object]:
    """Group policy of Windows: one value per setting key; DWORD 0 and 1 mean no and yes for a flag."""
    winreg: Any = importlib.import_module("winreg")
    values: dict[str, object] = {}
    try:
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, REGISTRY_KEY) as key:
            for index in range(winreg.QueryInfoKey(key)[1]):
                name, value, _ = winreg.EnumValue(key, index)
                values[name] = as_flag(name, value)
    except FileNotFoundError:
        return {}
    except OSError as error:
        log.warning("policy can't be read: %s", error)
    return values


def as_flag(key: str, value: object) -> object:
    """The registry knows no booleans: 0 and 1 become them where the setting is one."""
    known = DEFINITIONS.get(key)
    return bool(value) if known is not None and known.kind is Kind.FLAG and value in (0, 1) else value
