"""Save pictures of every screen in every language and theme: `python -m tools.screenshots [WORD…]`.

They go to `screenshots/`. The words narrow what is drawn: a language, a theme or a screen's name.
The views come from the real presenters over doubles.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))
if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QCoreApplication, QEvent  # noqa: E402
from PySide6.QtWidgets import QApplication  # noqa: E402

from resources.words import LANGUAGES, Words  # noqa: E402
from tests.doubles.scenes import SCENES  # noqa: E402
from tests.doubles.stage import Scene, views_of  # noqa: E402
from tests.ui.scenes import arrange  # noqa: E402
from tools.words import compile_all  # noqa: E402
from ui.desk import Desk  # noqa: E402
from ui.look import Look  # noqa: E402
from ui.theme import Theme, ThemeChoice  # noqa: E402

FOLDER = ROOT / "screenshots"
THEMES = (ThemeChoice.LIGHT, ThemeChoice.DARK)


def take(scene: Scene, language: str, views: list[object], theme: Theme, choice: ThemeChoice) -> Path:
    """One picture."""
    theme.choose(choice)
    desk = Desk(Look(theme, Words(language)))
    window = arrange(desk, scene, views)
    path = FOLDER / f"{scene.name}.{language}.{choice}.png"
    if not window.grab().save(str(path)):
        raise OSError(f"{path} could not be written")
    for top in QApplication.topLevelWidgets():
        top.deleteLater()
    desk.look.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    return path


def main(words: list[str]) -> int:
    """Draw what the words leave."""
    compile_all()
    FOLDER.mkdir(exist_ok=True)
    theme = Theme(_application())
    names = {scene.name for scene in SCENES}
    scenes = [scene for scene in SCENES if scene.name in words or not names & set(words)]
    languages = [language for language in LANGUAGES if language in words or not set(LANGUAGES) & set(words)]
    choices = [choice for choice in THEMES if choice in words or not set(THEMES) & set(words)]
    for scene in scenes:
        spoken = asyncio.run(views_of(scene))
        for language in languages:
            for choice in choices:
                take(scene, language, spoken[language], theme, choice)
    print(f"{len(scenes) * len(languages) * len(choices)} pictures in {FOLDER}")
    return 0


def _application() -> QApplication:
    application = QApplication(sys.argv[:1])
    application.setQuitOnLastWindowClosed(False)
    return application


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
