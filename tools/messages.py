"""
Collects every sentence that people read into locale/*.po and compiles them. Run it (`make messages`) after adding one.

    python tools/messages.py           collect, keep what is translated, compile; lists what still lacks a translation
    python tools/messages.py --check   change nothing; exit 1 where a catalogue is not what the code says

A sentence is found where it is said: .say("..."), .count("one", "many", n), _("..."), ngettext("one", "many", n), in
the docstrings of the errors, in the help of the commands, and in the sentences of the feature catalogue.
"""

import argparse
import io
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.catalog import Message as Entry
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from pganomaly import catalog as numbers
from pganomaly import errors
from pganomaly.cli.entry import help_sentences

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "pganomaly"
LOCALE = SOURCE / "messages" / "locale"
TRANSLATED = ("ru",)
KEYWORDS = {"_": None, "say": None, "count": (1, 2), "ngettext": (1, 2), "_things": (2, 3)}

Sentence = str | tuple[str, ...]


def sentences() -> Iterator[tuple[Sentence, str]]:
    """Yield every sentence of the code with the file it stands in."""
    found = extract_from_dir(SOURCE, [("**.py", "python")], keywords=KEYWORDS)
    for file, _line, sentence, _comments, _context in found:
        if sentence:
            yield sentence, f"src/pganomaly/{file}"
    for error in sorted(_descendants(errors.PganomalyError), key=lambda kind: kind.__name__):
        yield error.template(), "src/pganomaly/errors.py"
    for sentence in help_sentences():
        yield sentence, "src/pganomaly/cli/commands"
    for feature in numbers.FEATURES:
        yield feature.says, "src/pganomaly/catalog/features.py"


def collected() -> Catalog:
    """Return what there is to translate."""
    found = Catalog()
    for sentence, file in sorted(sentences(), key=lambda each: each[1]):
        found.add(sentence, locations=[(file, 1)])
    return found


class Translations(Catalog):
    """A catalogue without dates and versions of tools, which would make every run a change."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        """The header of the file."""
        return [
            ("Language", str(self.locale_identifier)),
            ("Plural-Forms", self.plural_forms),
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "8bit\n"),
        ]

    @mime_headers.setter
    def mime_headers(self, headers: object) -> None:
        """Leave the header as it is, whatever is read."""


def read(text: bytes, language: str) -> Translations:
    """Return a .po file as a catalogue."""
    translations = Translations(locale=language, fuzzy=False)
    translations.header_comment = "# Written by tools/messages.py; translate here, the code says which sentences exist."
    for entry in read_po(io.BytesIO(text), locale=language):
        if entry.id:
            translations[entry.id] = entry
    return translations


def stored(language: str) -> Translations:
    """Return the catalogue of *language* as it stands in the repository; an empty one where there is none yet."""
    file = LOCALE / f"{language}.po"
    return read(file.read_bytes() if file.exists() else b"", language)


def updated(language: str) -> Translations:
    """Return the stored catalogue with exactly the sentences of the code, translations kept, guesses left out."""
    translations = stored(language)
    translations.update(collected(), no_fuzzy_matching=True)
    return translations


def as_po(translations: Catalog) -> bytes:
    """Return a catalogue as its .po file, the same for the same content."""
    out = io.BytesIO()
    write_po(out, translations, width=120, ignore_obsolete=True, include_lineno=False, sort_by_file=True)
    return out.getvalue()


def as_mo(translations: Catalog) -> bytes:
    """Return a catalogue as it is shipped."""
    out = io.BytesIO()
    write_mo(out, translations)
    return out.getvalue()


def untranslated(translations: Catalog) -> list[str]:
    """Return the sentences that lack a translation, or one of its forms."""
    return [_english(entry) for entry in translations if entry.id and not _forms(entry)]


def _forms(entry: Entry) -> bool:
    strings = entry.string if isinstance(entry.string, tuple) else (entry.string,)
    return all(strings)


def _english(entry: Entry) -> str:
    return entry.id[0] if isinstance(entry.id, tuple | list) else entry.id


def _descendants(kind: type[errors.PganomalyError]) -> Iterator[type[errors.PganomalyError]]:
    if kind.__doc__:
        yield kind
    for child in kind.__subclasses__():
        yield from _descendants(child)


def main() -> int:
    """Collect and compile, or check that this was done."""
    parser = argparse.ArgumentParser(description="Collect and compile the sentences that people read.")
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 where something is not up to date")
    check = parser.parse_args().check
    wrong = 0
    for language in TRANSLATED:
        po, mo = LOCALE / f"{language}.po", LOCALE / f"{language}.mo"
        text = as_po(updated(language))
        fresh = read(text, language)
        for file, content in ((po, text), (mo, as_mo(fresh))):
            if check and (not file.exists() or file.read_bytes() != content):
                print(f"{file.relative_to(ROOT)} is not what the code says: run `make messages`.")  # noqa: T201
                wrong = 1
            elif not check:
                file.write_bytes(content)
        for sentence in untranslated(fresh):
            print(f"{po.relative_to(ROOT)} lacks: {sentence}")  # noqa: T201
            wrong = 1
    return wrong


if __name__ == "__main__":
    sys.exit(main())
