"""What every outbox promises to the one who delivers."""

from datetime import timedelta

from pganomaly.notify import MemoryOutbox
from tests.notify.clock import NOON
from tests.notify.conftest import message

LATER = NOON + timedelta(seconds=60)
HERE = ("telegram",)


def test_the_same_message_is_queued_once_per_channel():
    outbox = MemoryOutbox()
    for _ in range(2):
        outbox.put(message("m1"), ("telegram", "mail"), at=NOON)
    assert [entry.channel for entry in outbox.waiting(("telegram", "mail"))] == ["telegram", "mail"]
    assert len(outbox.waiting(HERE)) == 1


def test_a_message_that_was_sent_is_not_queued_again():
    outbox = MemoryOutbox()
    outbox.put(message("m1"), HERE, at=NOON)
    (entry,) = outbox.waiting(HERE)
    assert outbox.claim(entry, until=LATER)
    outbox.mark_sent(entry, "7", at=NOON)
    outbox.put(message("m1"), HERE, at=NOON)
    assert outbox.waiting(HERE) == ()


def test_only_one_of_two_claims_succeeds():
    outbox = MemoryOutbox()
    outbox.put(message("m1"), HERE, at=NOON)
    (first,), (second,) = outbox.waiting(HERE), outbox.waiting(HERE)
    assert outbox.claim(first, until=LATER)
    assert not outbox.claim(second, until=LATER)


def test_what_was_claimed_by_one_who_died_is_due_again_later():
    outbox = MemoryOutbox()
    outbox.put(message("m1"), HERE, at=NOON)
    outbox.claim(outbox.waiting(HERE)[0], until=LATER)
    (entry,) = outbox.waiting(HERE)
    assert (entry.attempts, entry.due_at) == (1, LATER)


def test_later_news_knows_the_first_about_the_same():
    outbox = MemoryOutbox()
    for name, about in (("m1", "i1"), ("m2", "i1"), ("m3", "i2"), ("m4", None)):
        outbox.put(message(name, about=about), HERE, at=NOON)
    outbox.mark_sent(outbox.waiting(HERE)[0], "7", at=NOON)
    assert [entry.thread for entry in outbox.waiting(HERE)] == ["7", None, None]


def test_what_was_given_up_waits_no_more():
    outbox = MemoryOutbox()
    outbox.put(message("m1"), HERE, at=NOON)
    (entry,) = outbox.waiting(HERE)
    outbox.mark_failed(entry, "busy", next_attempt_at=LATER)
    (entry,) = outbox.waiting(HERE)
    assert entry.due_at == LATER
    outbox.mark_failed(entry, "too old", next_attempt_at=None)
    assert outbox.waiting(HERE) == ()


def test_memory_is_bounded_and_what_waits_goes_last():
    outbox = MemoryOutbox(capacity=3)
    for number in range(3):
        outbox.put(message(f"m{number}"), HERE, at=NOON)
    outbox.mark_sent(outbox.waiting(HERE)[2], "7", at=NOON)
    outbox.put(message("m3"), HERE, at=NOON)
    assert [entry.message.message_id for entry in outbox.waiting(HERE)] == ["m0", "m1", "m3"]
    outbox.put(message("m4"), HERE, at=NOON)
    assert [entry.message.message_id for entry in outbox.waiting(HERE)] == ["m1", "m3", "m4"]
