"""Numbers as people read them: few digits, the unit that fits, the decimal sign and plural of the language."""

import math
from collections.abc import Callable
from typing import Protocol

from pganomaly.messages.marker import marked as _

BLOCK_BYTES = 8192
"""PostgreSQL's default; a server compiled otherwise is so rare that the size in parentheses may be off there."""

SAME = 0.05
"""A factor this near to 1 is not worth a reader's eye."""

_NBSP = "\N{NO-BREAK SPACE}"
_SEPARATORS = {"en": (",", "."), "ru": (_NBSP, ",")}
_KB = 1024.0


class Words(Protocol):
    """What a number needs of a Speaker."""

    @property
    def language(self) -> str:
        """The language in which numbers are written."""
        ...

    def say(self, msgid: str, /, **facts: object) -> str:
        """Return a sentence."""
        ...

    def count(self, singular: str, plural: str, n: int, /, **facts: object) -> str:
        """Return the form that goes with n."""
        ...


def rounded(value: float) -> float:
    """Return *value* with two significant digits below ten, and whole from there on."""
    if abs(value) >= 10:  # noqa: PLR2004
        return float(round(value))
    return float(f"{value:.2g}")


def digits(value: float, language: str) -> str:
    """Return the rounded number with the thousands and decimal signs of the language."""
    if math.isinf(value):
        return "∞"
    thousands, point = _SEPARATORS[language]
    number = rounded(value)
    plain = f"{number:,.0f}" if number == round(number) else f"{number:,.6f}".rstrip("0").rstrip(".")
    return plain.replace(",", "\0").replace(".", point).replace("\0", thousands).replace("-", "\N{MINUS SIGN}")


def factor(words: Words, ratio: float | None) -> str:
    """Return ×68 or ÷12; nothing where the ratio is not known, or is 1."""
    if ratio is None or not math.isfinite(ratio) or ratio <= 0 or abs(ratio - 1) < SAME:
        return ""
    return f"×{digits(ratio, words.language)}" if ratio >= 1 else f"÷{digits(1 / ratio, words.language)}"


def written(words: Words, value: float | None, unit: str) -> str:
    """Return *value* with its unit. An unknown unit raises KeyError: each has its form here."""
    write = _FORMS[unit]
    if value is None or math.isnan(value):
        return words.say("not known")
    return "∞" if math.isinf(value) else write(words, value)


def _fits(words: Words, msgid: str, value: float) -> str:
    return words.say(msgid, n=digits(value, words.language))


def _things(words: Words, singular: str, plural: str, value: float) -> str:
    shown = rounded(value)
    # A fraction takes the form of two: "1.3 rows", «1,3 строки».
    n = abs(int(shown)) if shown == round(shown) else 2
    return words.count(singular, plural, n, n=digits(value, words.language))


def _count(words: Words, value: float) -> str:
    return digits(value, words.language)


def _ms(words: Words, value: float) -> str:
    if abs(value) < 999.5:  # noqa: PLR2004
        return _fits(words, _("{n} ms"), value)
    return _seconds(words, value / 1000)


def _seconds(words: Words, value: float) -> str:
    if abs(value) < 0.9995:  # noqa: PLR2004
        return _fits(words, _("{n} ms"), value * 1000) if value else _fits(words, _("{n} s"), 0)
    whole = round(value)
    if whole < 60:  # noqa: PLR2004  a span never is below zero; should it be, seconds say so
        return _fits(words, _("{n} s"), value)
    minutes, seconds = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = ((_("{n} d"), days), (_("{n} h"), hours), (_("{n} min"), minutes), (_("{n} s"), seconds))
    first = next(place for place, (_unit, n) in enumerate(parts) if n)
    return " ".join(_fits(words, msgid, n) for msgid, n in parts[first : first + 2] if n)


def _bytes(words: Words, value: float) -> str:
    size, unit = value, _("{n} B")
    for larger in (_("{n} kB"), _("{n} MB"), _("{n} GB"), _("{n} TB")):
        if abs(size) < _KB - 0.5:
            break
        size, unit = size / _KB, larger
    return _fits(words, unit, size)


def _blocks(words: Words, value: float) -> str:
    number = _things(words, "{n} block", "{n} blocks", value)
    return f"{number} ({_bytes(words, value * BLOCK_BYTES)})" if value else number


def _share(words: Words, value: float) -> str:
    return _fits(words, _("{n}%"), value * 100)


def _rows(words: Words, value: float) -> str:
    return _things(words, "{n} row", "{n} rows", value)


def _each_second(write: Callable[[Words, float], str]) -> Callable[[Words, float], str]:
    return lambda words, value: words.say("{amount}/s", amount=write(words, value))


_FORMS: dict[str, Callable[[Words, float], str]] = {
    "count": _count,
    "ratio": _count,
    "ms": _ms,
    "s": _seconds,
    "ms^2": lambda words, value: _fits(words, _("{n} ms²"), value),
    "blocks": _blocks,
    "bytes": _bytes,
    "rows": _rows,
    "share": _share,
    "1/s": _each_second(_count),
    "ms/s": _each_second(_ms),
    "blocks/s": lambda words, value: words.say(
        "{blocks}/s ({bytes}/s)",
        blocks=_things(words, "{n} block", "{n} blocks", value),
        bytes=_bytes(words, value * BLOCK_BYTES),
    ),
    "bytes/s": _each_second(_bytes),
    "rows/s": _each_second(_rows),
}
