"""Before all tests: the words are compiled, so that every test speaks the catalogues' languages."""

from __future__ import annotations

from tools.words import compile_all

compile_all()
