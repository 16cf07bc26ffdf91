"""Keep the catalogues true to the source: `python -m tools.words compile|update|check`.

compile  make the .mo files the program loads
update   bring new messages into every catalogue, drop the unused ones (English is filled from the source);
         with `softphone` or `service` into those of one domain
check    say what is missing, unused or fuzzy; exit 1 if anything is
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from io import BytesIO
from itertools import product
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from babel.messages.catalog import Catalog, Message  # noqa: E402
from babel.messages.extract import extract_from_file  # noqa: E402
from babel.messages.mofile import write_mo  # noqa: E402
from babel.messages.pofile import read_po, write_po  # noqa: E402

from resources import LOCALES  # noqa: E402
from resources.words import DOMAIN, LANGUAGES, SERVICE  # noqa: E402

ROOMS = {DOMAIN: ("softphone", "ui"), SERVICE: ("service",)}
KEYWORDS: dict[str, tuple[int, ...] | None] = {"_": None, "word": None, "marked": None, "n": (1, 2)}


def catalogue_path(language: str, domain: str = DOMAIN) -> Path:
    """Where a language's catalogue stands."""
    return LOCALES / language / "LC_MESSAGES" / f"{domain}.po"


def extract(domain: str = DOMAIN) -> Catalog:
    """All messages of a domain's source, each with the files it is used in."""
    catalogue = Catalog(project="Softphone", domain=domain, charset="utf-8")
    for room in ROOMS[domain]:
        for path in sorted((ROOT / room).rglob("*.py")):
            place = path.relative_to(ROOT).as_posix()
            for _line, message, _comments, context in extract_from_file("python", path, KEYWORDS):
                catalogue.add(message, locations=[(place, 0)], context=context)
    return catalogue


def read(language: str, domain: str = DOMAIN) -> Catalog:
    """A language's catalogue, empty where there is none yet."""
    path = catalogue_path(language, domain)
    if not path.exists():
        return Catalog(locale=language, project="Softphone", domain=domain, charset="utf-8")
    with path.open("rb") as file:
        return read_po(file, locale=language, domain=domain)


def update(domains: Iterable[str] = tuple(ROOMS)) -> None:
    """Merge the source's messages into every catalogue."""
    for domain in domains:
        source = extract(domain)
        for language in LANGUAGES:
            catalogue = read(language, domain)
            catalogue.update(source, no_fuzzy_matching=True)
            catalogue.obsolete.clear()
            if language == "en":
                fill_from_source(catalogue)
            write(language, catalogue, domain)


def write(language: str, catalogue: Catalog, domain: str = DOMAIN) -> None:
    """Write a catalogue with a head that changes only when the language does."""
    head = (
        'msgid ""',
        'msgstr ""',
        f'"Language: {language}\\n"',
        '"MIME-Version: 1.0\\n"',
        '"Content-Type: text/plain; charset=utf-8\\n"',
        '"Content-Transfer-Encoding: 8bit\\n"',
        f'"Plural-Forms: {catalogue.plural_forms}\\n"',
    )
    body = BytesIO()
    write_po(body, catalogue, width=110, sort_output=True, include_lineno=False, omit_header=True)
    path = catalogue_path(language, domain)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes("\n".join((*head, "", "")).encode() + body.getvalue())


def fill_from_source(catalogue: Catalog) -> None:
    """English says what the source says."""
    for message in catalogue:
        if message.id and not message.string:
            message.string = message.id
        if message.id and not isinstance(message.id, str):
            message.string = tuple(message.id)


def compile_all() -> None:
    """Write the .mo file beside every .po that is newer."""
    for language, domain in product(LANGUAGES, ROOMS):
        source = catalogue_path(language, domain)
        target = source.with_suffix(".mo")
        if source.exists() and (not target.exists() or target.stat().st_mtime_ns < source.stat().st_mtime_ns):
            partial = target.with_suffix(".mo.new")
            with partial.open("wb") as file:
                write_mo(file, read(language, domain))
            partial.replace(target)


def faults() -> list[str]:
    """Every difference between the source's messages and the catalogues, as sentences."""
    return [fault for domain in ROOMS for fault in _faults(domain)]


def _faults(domain: str) -> list[str]:
    source = {message.id for message in extract(domain) if message.id}
    found = []
    for language in LANGUAGES:
        catalogue = {message.id: message for message in read(language, domain) if message.id}
        found += [
            f"{language}: missing {identity!r}" for identity in sorted(map(str, source - set(catalogue)))
        ]
        found += [
            f"{language}: unused {identity!r}" for identity in sorted(map(str, set(catalogue) - source))
        ]
        for message in catalogue.values():
            found += [f"{language}: {fault} {message.id!r}" for fault in message_faults(message)]
    return found


def message_faults(message: Message) -> Iterator[str]:
    """What is wrong with one translation."""
    strings = [message.string] if isinstance(message.string, str) else list(message.string or ())
    originals = [message.id] if isinstance(message.id, str) else list(message.id)
    if message.fuzzy:
        yield "fuzzy"
    if not strings or not all(strings):
        yield "untranslated"
    elif any(placeholders(text) != placeholders(originals[-1]) for text in strings):
        yield "other placeholders in"


def placeholders(text: str) -> set[str]:
    """Names in braces, as `str.format` reads them."""
    return {piece.split("}")[0].split(":")[0] for piece in text.split("{")[1:]}


def main(arguments: list[str]) -> int:
    """The command line."""
    match arguments:
        case ["compile"]:
            compile_all()
        case ["update", *domains]:
            update(domains or ROOMS)
        case ["check"]:
            found = faults()
            print("\n".join(found) or "The catalogues are complete.")
            return 1 if found else 0
        case _:
            print(__doc__)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
