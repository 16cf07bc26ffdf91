"""What the program shows and is not code: words in three languages, icons, the logo."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parent
ICONS = ROOT / "icons"
LOCALES = ROOT / "locale"
