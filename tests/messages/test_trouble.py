"""Our own trouble: what it means, and that it is over."""

from datetime import UTC, datetime, timedelta

import pytest

from pganomaly.messages import speaker
from pganomaly.messages.trouble import Trouble, opened, resolved, started

SINCE = datetime(2026, 11, 21, 14, 2, tzinfo=UTC)
NOW = SINCE + timedelta(minutes=5)


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("trouble", Trouble)
def test_every_trouble_is_told_with_its_end(trouble, language):
    who = speaker(language)
    begins = opened(who, trouble, server="shop", since=SINCE, now=NOW, detail="PGA-006: nothing answers")
    ends = resolved(who, trouble, server="shop", since=SINCE, now=NOW)
    assert begins.headline.startswith("shop: ")
    assert "14:02 UTC" in begins.headline
    assert begins.blocks[-1].text == "PGA-006: nothing answers"
    assert begins.about == ends.about
    assert begins.message_id != ends.message_id
    assert who.duration(NOW - SINCE) in ends.headline


def test_the_same_trouble_of_another_day_is_other_news():
    later = SINCE + timedelta(days=1)
    first, second = (
        opened(speaker("en"), Trouble.STORE_DOWN, server="shop", since=s, now=s).message_id for s in (SINCE, later)
    )
    assert first != second


def test_the_service_says_that_it_started():
    message = started(speaker("ru"), version="1.0", servers=["shop", "crm"], interval_s=60, now=NOW)
    assert message.headline == "pganomaly 1.0 следит за shop, crm, окно раз в 1 мин"
