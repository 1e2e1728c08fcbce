"""Says a sentence in the reader's language, with numbers and moments written as that language writes them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files

from pganomaly.errors import Complaints, PganomalyError
from pganomaly.messages import quantity

LANGUAGES = ("en", "ru")
"""English is what the code says; every other language has a file in locale/."""


def language_of(app_lang: str | None, lang: str | None = None) -> str:
    """Return the language of APP_LANG, or else of LANG (such as ru_RU.UTF-8); English where we do not speak it."""
    wanted = (app_lang or lang or "").strip().lower()
    return next((known for known in LANGUAGES if wanted[:2] == known and not wanted[2:3].isalpha()), "en")


@cache
def _translations(language: str) -> NullTranslations:
    if language == "en":
        return NullTranslations()
    with files(__package__).joinpath("locale", f"{language}.mo").open("rb") as compiled:
        return GNUTranslations(compiled)


@dataclass(frozen=True, slots=True)
class Speaker:
    """
    One language and one time zone.

    >>> speaker("en").say("{server}: answers again", server="shop")
    'shop: answers again'
    """

    language: str = "en"
    zone: tzinfo = UTC

    def say(self, msgid: str, /, **facts: object) -> str:
        """Return the sentence *msgid* in this language, its {names} filled in."""
        return _translations(self.language).gettext(msgid).format(**facts)

    def unfilled(self, msgid: str) -> str:
        """Return the sentence *msgid* in this language, its {names} left standing: for lists of sentences."""
        return _translations(self.language).gettext(msgid)

    def count(self, singular: str, plural: str, n: int, /, **facts: object) -> str:
        """Return the form of the sentence that goes with *n* things; {n} is the number."""
        form = _translations(self.language).ngettext(singular, plural, n)
        return form.format(**{"n": self.number(n), **facts})

    def error(self, error: PganomalyError) -> str:
        """Return what went wrong, with the code under which help explains it."""
        facts = {
            name: self._complaints(fact) if isinstance(fact, Complaints) else fact for name, fact in error.facts.items()
        }
        return f"{error.code}: {self.say(error.template(), **facts)}"

    def _complaints(self, complaints: Complaints) -> str:
        return "; ".join(f"{each.name}: {self.say(each.says, **each.facts)}" for each in complaints)

    def number(self, value: float) -> str:
        """Return a number with as many digits as a reader can use: 0.052, 3.1, 212, 12,345."""
        return quantity.digits(value, self.language)

    def quantity(self, value: float | None, unit: str) -> str:
        """Return a number with its unit (the value of a catalog.Unit); None and NaN are "not known"."""
        return quantity.written(self, value, unit)

    def factor(self, ratio: float | None) -> str:
        """Return how many times more (×68) or less (÷12); nothing where there is no such ratio."""
        return quantity.factor(self, ratio)

    def duration(self, span: timedelta) -> str:
        """Return how long something lasted: 40 s, 18 min, 2 h 5 min."""
        return quantity.written(self, round(span.total_seconds()), "s")

    def when(self, moment: datetime, now: datetime | None = None) -> str:
        """Return the time of day of *moment*, with the date unless it is that of *now*, always with the zone."""
        here = moment.astimezone(self.zone)
        today = now is not None and now.astimezone(self.zone).date() == here.date()
        return f"{here:%H:%M %Z}" if today else f"{here:%Y-%m-%d %H:%M %Z}"


def speaker(language: str, zone: tzinfo = UTC) -> Speaker:
    """Return the speaker of *language*; one we do not know is English."""
    return Speaker(language_of(language), zone)
