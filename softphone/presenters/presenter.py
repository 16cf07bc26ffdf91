"""What all presenters share: a view state, told when it changes, and words that can change under it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Generic, TypeVar

from resources.words import Words

V = TypeVar("V")


class Presenter(ABC, Generic[V]):
    """Lives on the engine thread. `emit` hears each new view; equal views are told once."""

    def __init__(self, words: Words, emit: Callable[[V], None]) -> None:
        self.words = words
        self._emit = emit
        self.view: V | None = None

    @abstractmethod
    def compose(self) -> V:
        """The view state as things stand."""

    def render(self) -> None:
        """Tell the screen when something it shows has changed."""
        view = self.compose()
        if view != self.view:
            self.view = view
            self._emit(view)

    async def speak(self, words: Words) -> None:
        """Say everything in another language."""
        self.words = words
        self.render()

    def _(self, text: str) -> str:
        """The words for `text`."""
        return self.words._(text)
