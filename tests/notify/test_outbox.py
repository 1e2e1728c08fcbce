"""What every outbox promises to the one who delivers: the one in memory, and the store."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import pytest

from pganomaly import pg
from pganomaly.notify import MemoryOutbox, Outbox, Pace, deliver
from pganomaly.records import Message, Waiting
from pganomaly.service.courier import StoreOutbox
from pganomaly.storage import Store, outbox
from tests.notify.clock import NOON, HandClock
from tests.notify.conftest import message, telegram_at
from tests.notify.receiver import Receiver

LATER = NOON + timedelta(seconds=60)
HERE = ("telegram",)


class Shelf(Protocol):
    """An outbox with a way in."""

    @property
    def out(self) -> Outbox: ...

    def put(self, message: Message, channels: tuple[str, ...] = HERE, *, at: datetime = NOON) -> None: ...


@dataclass
class InMemory:
    out: MemoryOutbox

    def put(self, message: Message, channels: tuple[str, ...] = HERE, *, at: datetime = NOON) -> None:
        self.out.put(message, channels, at=at)


@dataclass
class InStore:
    out: StoreOutbox
    conn: pg.Connection
    instance_id: int

    def put(self, message: Message, channels: tuple[str, ...] = HERE, *, at: datetime = NOON) -> None:
        outbox.put(self.conn, self.instance_id, (message,), channels, at=at)


@pytest.fixture(params=["memory", "store"])
def shelf(request: pytest.FixtureRequest) -> Iterator[Shelf]:
    if request.param == "memory":
        yield InMemory(MemoryOutbox())
        return
    conninfo = request.getfixturevalue("database")
    with Store(conninfo, pool_size=1) as store, pg.connect(conninfo) as conn:
        store.migrate()
        yield InStore(StoreOutbox(store), conn, store.instance("shop"))


def names(shelf: Shelf, channels: tuple[str, ...] = HERE) -> list[str]:
    return [entry.message.message_id for entry in shelf.out.waiting(channels)]


def only(shelf: Shelf) -> Waiting:
    (entry,) = shelf.out.waiting(HERE)
    return entry


def test_a_message_comes_out_as_it_went_in(shelf: Shelf):
    given = message("m1", "каждый вызов\n🛑 <b> {n}", about=None)
    shelf.put(given)
    entry = only(shelf)
    assert entry.message == given
    assert (entry.channel, entry.queued_at, entry.due_at) == ("telegram", NOON, NOON)
    assert (entry.attempts, entry.thread) == (0, None)


def test_messages_come_out_in_their_order(shelf: Shelf):
    for number in (3, 1, 2):
        shelf.put(message(f"m{number}"))
    assert names(shelf) == ["m3", "m1", "m2"]
    assert [entry.message.message_id for entry in shelf.out.waiting(HERE, limit=2)] == ["m3", "m1"]


def test_the_same_message_is_queued_once_per_channel(shelf: Shelf):
    for _ in range(2):
        shelf.put(message("m1"), ("telegram", "mail"))
    assert {entry.channel for entry in shelf.out.waiting(("telegram", "mail"))} == {"telegram", "mail"}
    assert names(shelf, ("telegram", "mail")) == ["m1", "m1"]
    assert names(shelf) == ["m1"]


def test_a_message_that_was_sent_is_not_queued_again(shelf: Shelf):
    shelf.put(message("m1"))
    entry = only(shelf)
    assert shelf.out.claim(entry, until=LATER)
    shelf.out.mark_sent(entry, "7", at=NOON)
    shelf.put(message("m1"))
    assert names(shelf) == []


def test_only_one_of_two_claims_succeeds(shelf: Shelf):
    shelf.put(message("m1"))
    first, second = only(shelf), only(shelf)
    assert shelf.out.claim(first, until=LATER)
    assert not shelf.out.claim(second, until=LATER)


def test_what_was_sent_cannot_be_claimed(shelf: Shelf):
    shelf.put(message("m1"))
    entry = only(shelf)
    shelf.out.mark_sent(entry, "7", at=NOON)
    assert not shelf.out.claim(entry, until=LATER)


def test_what_was_claimed_by_one_who_died_is_due_again_later(shelf: Shelf):
    shelf.put(message("m1"))
    shelf.out.claim(only(shelf), until=LATER)
    assert (only(shelf).attempts, only(shelf).due_at) == (1, LATER)


def test_later_news_knows_the_first_about_the_same(shelf: Shelf):
    for name, about in (("m1", "i1"), ("m2", "i1"), ("m3", "i2"), ("m4", None)):
        shelf.put(message(name, about=about))
    shelf.out.mark_sent(shelf.out.waiting(HERE)[0], "-1001/7", at=NOON)
    shelf.out.mark_sent(shelf.out.waiting(HERE)[0], "-1001/8", at=NOON)
    shelf.put(message("m5", about="i1"))
    assert [entry.thread for entry in shelf.out.waiting(HERE)] == [None, None, "-1001/7"]


def test_what_was_given_up_waits_no_more(shelf: Shelf):
    shelf.put(message("m1"))
    shelf.out.mark_failed(only(shelf), "busy", next_attempt_at=LATER)
    assert only(shelf).due_at == LATER
    shelf.out.mark_failed(only(shelf), "too old", next_attempt_at=None)
    assert names(shelf) == []


def test_a_message_goes_from_the_outbox_to_the_chat(shelf: Shelf, receiver: Receiver, clock: HandClock):
    receiver.say(502)
    shelf.put(message("opened"))
    shelf.put(message("resolved", headline="shop: calm again", kind="incident.resolved"))
    channel, pace = telegram_at(receiver.url), Pace(clock)
    while (done := deliver(shelf.out, [channel], clock, pace=pace)).wait_s is not None:
        clock.passed_s += done.wait_s
    first, last = receiver.chat
    assert [posted.text for posted in receiver.chat.values()] == ["shop: it is slow", "shop: calm again"]
    assert receiver.chat[last].reply_to == first


def test_memory_is_bounded_and_what_waits_goes_last():
    shelf = InMemory(MemoryOutbox(capacity=3))
    for number in range(3):
        shelf.put(message(f"m{number}"))
    shelf.out.mark_sent(shelf.out.waiting(HERE)[2], "7", at=NOON)
    shelf.put(message("m3"))
    assert names(shelf) == ["m0", "m1", "m3"]
    shelf.put(message("m4"))
    assert names(shelf) == ["m1", "m3", "m4"]
