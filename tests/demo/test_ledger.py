from datetime import UTC, datetime, timedelta

from pganomaly.demo.ledger import Ledger, News


def at(second: int) -> datetime:
    return datetime(2026, 11, 21, 12, 0, tzinfo=UTC) + timedelta(seconds=second)


def news(second: int, fingerprint: str | None) -> News:
    return News(at(second), fingerprint, "SELECT 1", f"news of {fingerprint}")


def test_a_fault_is_found_by_news_of_its_statement_told_after_it_was_injected():
    ledger = Ledger().injected("index_dropped", ["a"], at(10)).told(news(12, "a"))

    (fault,) = ledger.faults
    assert (fault.found, fault.found_at, fault.what) == (True, at(12), "news of a")
    assert ledger.others == 0


def test_news_that_came_too_early_finds_nothing():
    ledger = Ledger().told(news(5, "a")).injected("index_dropped", ["a"], at(10))

    (fault,) = ledger.faults
    assert not fault.found
    assert [told.told_at for told in fault.also_told] == [at(5)]


def test_news_of_another_statement_finds_nothing_and_is_counted():
    ledger = Ledger().injected("one", ["a"], at(10)).told(news(12, "b")).injected("two", ["c"], at(20))
    ledger = ledger.told(news(22, None))

    assert [(fault.found, len(fault.also_told)) for fault in ledger.faults] == [(False, 1), (False, 1)]
    assert ledger.others == 2


def test_what_is_told_again_of_a_fault_changes_nothing():
    ledger = Ledger().injected("one", ["a"], at(10)).told(news(12, "a")).injected("two", ["b"], at(20))

    assert ledger.told(news(25, "a")) == ledger


def test_every_fact_of_a_fault_is_there_for_machines():
    ledger = Ledger().injected("one", ["a"], at(10)).told(news(12, "a")).told(news(13, "b"))

    (facts,) = ledger.facts()
    assert facts == {
        "fault": "one",
        "found": True,
        "injected_at": "2026-11-21T12:00:10+00:00",
        "found_at": "2026-11-21T12:00:12+00:00",
        "query": "SELECT 1",
        "what": "news of a",
        "also_told": [
            {"told_at": "2026-11-21T12:00:13+00:00", "fingerprint": "b", "query": "SELECT 1", "what": "news of b"}
        ],
    }
