"""Numbers, moments and errors as a reader of each language expects them."""

import math
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pganomaly.catalog import Unit
from pganomaly.errors import TelegramChatNotFound
from pganomaly.messages import language_of, speaker

EN, RU = speaker("en"), speaker("ru")
NBSP = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("app_lang", "lang", "language"),
    [
        ("ru", None, "ru"), (None, "ru_RU.UTF-8", "ru"), ("", "ru", "ru"), ("en", "ru_RU.UTF-8", "en"),
        (None, None, "en"), (None, "C.UTF-8", "en"), ("de", "ru_RU.UTF-8", "en"), (None, "run", "en"),
        ("RU", None, "ru"),
    ],
)  # fmt: skip
def test_the_language_is_what_the_user_set_or_that_of_the_machine(app_lang, lang, language):
    assert language_of(app_lang, lang) == language


@pytest.mark.parametrize(
    ("value", "unit", "en", "ru"),
    [
        (0.0521, Unit.MS, "0.052 ms", "0,052 мс"),
        (3.14, Unit.MS, "3.1 ms", "3,1 мс"),
        (212.4, Unit.MS, "212 ms", "212 мс"),
        (999.6, Unit.MS, "1 s", "1 с"),
        (5003, Unit.MS, "5 s", "5 с"),
        (59_960, Unit.MS, "1 min", "1 мин"),
        (64_000, Unit.MS, "1 min 4 s", "1 мин 4 с"),
        (0, Unit.SECONDS, "0 s", "0 с"),
        (7500, Unit.SECONDS, "2 h 5 min", "2 ч 5 мин"),
        (200_000, Unit.SECONDS, "2 d 7 h", "2 д 7 ч"),
        (900, Unit.BYTES, "900 B", "900 Б"),
        (1536, Unit.BYTES, "1.5 kB", "1,5 кБ"),
        (3 * 1024**3, Unit.BYTES, "3 GB", "3 ГБ"),
        (1, Unit.BLOCKS, "1 block (8 kB)", "1 блок (8 кБ)"),
        (3120, Unit.BLOCKS, "3,120 blocks (24 MB)", f"3{NBSP}120 блоков (24 МБ)"),
        (1.3, Unit.ROWS, "1.3 rows", "1,3 строки"),
        (21, Unit.ROWS, "21 rows", "21 строка"),
        (22, Unit.ROWS_PER_S, "22 rows/s", "22 строки/с"),
        (12345.6, Unit.COUNT, "12,346", f"12{NBSP}346"),
        (0.125, Unit.SHARE, "12%", f"12{NBSP}%"),
        (120, Unit.PER_S, "120/s", "120/с"),
        (212, Unit.MS_PER_S, "212 ms/s", "212 мс/с"),
        (4, Unit.BLOCKS_PER_S, "4 blocks/s (32 kB/s)", "4 блока/с (32 кБ/с)"),
        (-2.5, Unit.RATIO, "−2.5", "−2,5"),
        (None, Unit.MS, "not known", "неизвестно"),
        (math.nan, Unit.ROWS, "not known", "неизвестно"),
    ],
)
def test_a_number_is_written_for_people(value, unit, en, ru):
    assert EN.quantity(value, unit) == en
    assert RU.quantity(value, unit) == ru


@example(1.7e308, Unit.SHARE, EN)
@example(-1.7e308, Unit.SECONDS, RU)
@example(math.inf, Unit.MS, EN)
@given(st.floats(), st.sampled_from(Unit), st.sampled_from((EN, RU)))
def test_every_unit_can_write_every_number(value, unit, who):
    assert who.quantity(value, unit).strip()


@given(st.floats(min_value=1e-5, max_value=1e12))
def test_what_is_read_is_near_what_was_measured(value):
    read = float(EN.number(value).replace(",", ""))
    assert math.isclose(read, value, rel_tol=0.051)


@pytest.mark.parametrize(
    ("ratio", "said"),
    [(68.4, "×68"), (1 / 12, "÷12"), (1.5, "×1.5"), (1.01, ""), (None, ""), (0.0, ""), (math.inf, "")],
)
def test_a_factor_says_how_many_times_more_or_less(ratio, said):
    assert EN.factor(ratio) == said


def test_a_moment_of_today_needs_no_date_and_always_has_its_zone():
    moment = datetime(2026, 11, 21, 22, 30, tzinfo=UTC)
    moscow = speaker("ru", timezone(timedelta(hours=3), "MSK"))
    assert EN.when(moment, moment) == "22:30 UTC"
    assert EN.when(moment) == "2026-11-21 22:30 UTC"
    assert moscow.when(moment, now=moment) == "01:30 MSK"
    assert moscow.when(moment, now=moment - timedelta(hours=2)) == "2026-11-22 01:30 MSK"


def test_a_query_full_of_braces_is_text():
    assert EN.say("At worst: {reason}.", reason="{0} {query}") == "At worst: {0} {query}."


def test_an_error_is_said_in_the_readers_language_with_its_code():
    error = TelegramChatNotFound(chat_id="-7", api_url="https://bot.example")
    assert EN.error(error).startswith("PGA-018: Telegram does not find chat -7 for this bot.")
    assert RU.error(error).startswith("PGA-018: Telegram не находит для этого бота чат -7.")
