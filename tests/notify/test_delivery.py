"""Nothing is lost, nothing is told twice, nobody is flooded."""

from collections import Counter
from datetime import timedelta
from itertools import pairwise
from threading import Event

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from pganomaly.errors import ChannelError, Gone, Retry, TelegramTokenRefused
from pganomaly.notify import Limit, MemoryOutbox, Outbox, Pace, Round, Sent, deliver, keep_delivering, plan
from pganomaly.notify.delivery import backoff_s
from pganomaly.records import Message, Waiting
from tests.notify.clock import NOON, HandClock
from tests.notify.conftest import message, telegram_at
from tests.notify.receiver import Receiver


class Listener:
    """A channel that keeps a list, and fails as it is told to."""

    def __init__(
        self, name: str = "list", *, limits: tuple[Limit, ...] = (), fails: tuple[ChannelError | None, ...] = ()
    ):
        self.name = name
        self.limits = limits
        self.fails = list(fails)
        self.tries = 0
        self.told: list[tuple[str, str | None, str | None]] = []

    def send(self, message: Message, *, reply_to: str | None = None, edit: str | None = None) -> Sent:
        self.tries += 1
        error = self.fails.pop(0) if self.fails else None
        if error is not None:
            raise error
        self.told.append((message.message_id, reply_to, edit))
        return Sent(f"r{len(self.told)}")

    @property
    def names(self) -> list[str]:
        return [name for name, _, _ in self.told]


def busy(after_s: float | None = None) -> Retry:
    return Retry(after_s=after_s, channel="list", reason="HTTP 429")


def queue(*messages: Message, channels: tuple[str, ...] = ("list",)) -> MemoryOutbox:
    outbox = MemoryOutbox()
    for each in messages:
        outbox.put(each, channels, at=NOON)
    return outbox


def until_done(outbox: Outbox, channel: Listener, clock: HandClock, rounds: int = 200) -> list[Round]:
    pace, done = Pace(clock), []
    for _ in range(rounds):
        done.append(deliver(outbox, [channel], clock, pace=pace))
        if done[-1].wait_s is None:
            break
        clock.passed_s += done[-1].wait_s
    return done


def test_an_incident_is_told_edited_and_closed_in_one_thread(clock: HandClock):
    outbox = queue(
        message("opened"), message("updated", kind="incident.updated"), message("resolved", kind="incident.resolved")
    )
    channel = Listener()
    assert deliver(outbox, [channel], clock, pace=Pace(clock)) == Round(sent=3, failed=0, wait_s=None)
    assert channel.told == [("opened", None, None), ("updated", None, "r1"), ("resolved", "r1", None)]


def test_what_cannot_be_edited_any_more_is_sent_anew(clock: HandClock):
    channel = Listener(fails=(None, Gone(channel="list")))
    deliver(queue(message("opened"), message("updated", kind="incident.updated")), [channel], clock, pace=Pace(clock))
    assert channel.told == [("opened", None, None), ("updated", None, None)]


def test_later_news_about_the_same_waits_for_the_first_and_other_news_does_not(clock: HandClock):
    channel = Listener(fails=(busy(), busy()))
    outbox = queue(message("a1", about="a"), message("a2", about="a"), message("b1", about="b"))
    until_done(outbox, channel, clock)
    assert channel.names.index("a1") < channel.names.index("a2")
    assert channel.names[0] == "b1"


def test_a_busy_channel_is_left_alone_for_as_long_as_it_asked(clock: HandClock):
    channel = Listener(fails=(busy(after_s=42),))
    outbox, pace = queue(message("m1", about="a"), message("m2", about="b")), Pace(clock)
    assert deliver(outbox, [channel], clock, pace=pace) == Round(sent=0, failed=1, wait_s=42.0)
    clock.passed_s += 41
    assert deliver(outbox, [channel], clock, pace=pace).wait_s == 1.0
    assert channel.tries == 1
    clock.passed_s += 1
    assert deliver(outbox, [channel], clock, pace=pace).sent == 2


def test_retries_come_later_and_later_up_to_ten_minutes(clock: HandClock):
    outbox = queue(message())
    waits = [done.wait_s for done in until_done(outbox, Listener(fails=(busy(),) * 9), clock)]
    assert waits == [5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 600.0, 600.0, None]
    assert backoff_s(1_000_000) == 600.0


def test_one_stubborn_message_holds_up_no_other(clock: HandClock):
    class Stubborn(Listener):
        def send(self, message: Message, *, reply_to: str | None = None, edit: str | None = None) -> Sent:
            if message.message_id == "bad":
                raise busy()
            return super().send(message, reply_to=reply_to, edit=edit)

    channel = Stubborn()
    others = [message(f"m{n}", about=f"i{n}") for n in range(5)]
    until_done(queue(message("bad", about="bad"), *others), channel, clock, rounds=3)
    assert channel.names == ["m0", "m1", "m2", "m3", "m4"]


def test_a_dead_channel_holds_up_no_other_channel(clock: HandClock):
    dead, alive = Listener("dead", fails=(busy(),) * 99), Listener("alive")
    deliver(queue(message(), channels=("dead", "alive")), [dead, alive], clock, pace=Pace(clock))
    assert alive.names == ["m1"]


def test_a_refusal_is_tried_again_in_case_somebody_acted(clock: HandClock):
    channel = Listener(fails=(TelegramTokenRefused(reason="HTTP 401"),))
    assert [done.wait_s for done in until_done(queue(message()), channel, clock)] == [900.0, None]
    assert channel.names == ["m1"]


def test_what_could_not_be_told_for_a_day_is_given_up(clock: HandClock):
    channel = Listener(fails=(busy(after_s=3600),) * 99)
    done = until_done(queue(message()), channel, clock)
    assert done[-1].wait_s is None
    assert channel.told == []
    assert timedelta(hours=23) <= timedelta(seconds=clock.passed_s) <= timedelta(hours=24)


def test_a_burst_keeps_to_the_limits(clock: HandClock):
    channel = Listener(limits=(Limit(1, 1.0), Limit(20, 60.0)))
    outbox, pace, seconds = queue(*(message(f"m{n}", about=None) for n in range(50))), Pace(clock), []
    while (done := deliver(outbox, [channel], clock, pace=pace)).wait_s is not None:
        seconds += [clock.passed_s] * done.sent
        clock.passed_s += done.wait_s
    seconds += [clock.passed_s] * done.sent
    assert channel.names == [f"m{n}" for n in range(50)]
    assert all(later - sooner >= 1.0 for sooner, later in pairwise(seconds))
    assert all(later - sooner >= 60.0 for sooner, later in zip(seconds, seconds[20:], strict=False))


def test_who_dies_between_sending_and_marking_causes_one_duplicate_at_most(clock: HandClock):
    class Dying(MemoryOutbox):
        def mark_sent(self, entry: Waiting, remote_id: str, *, at: object) -> None:
            raise KeyboardInterrupt

    dying, channel = Dying(), Listener()
    dying.put(message(), ("list",), at=NOON)
    with pytest.raises(KeyboardInterrupt):
        deliver(dying, [channel], clock, pace=Pace(clock))
    assert deliver(dying, [channel], clock, pace=Pace(clock)).sent == 0, "it is still claimed"
    survivor = queue()
    for entry in dying.waiting(("list",)):
        survivor.put(entry.message, ("list",), at=entry.due_at)
    clock.passed_s += 121
    until_done(survivor, channel, clock)
    assert channel.names == ["m1", "m1"]


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(("a", "b", "c", None)), min_size=1, max_size=12),
    st.lists(st.sampled_from((None, busy(), busy(after_s=30.0), TelegramTokenRefused(reason="401"))), max_size=30),
)
def test_whatever_happens_everything_is_told_once_and_in_order(abouts, fails):
    clock, channel = HandClock(), Listener(limits=(Limit(1, 1.0),), fails=tuple(fails))
    news = [message(f"{about}{n}", about=about) for n, about in enumerate(abouts)]
    until_done(queue(*news), channel, clock)
    assert Counter(channel.names) == Counter(each.message_id for each in news)
    for about in ("a", "b", "c"):
        told = [int(name[1:]) for name in channel.names if name.startswith(about)]
        assert told == sorted(told)


def test_the_plan_takes_what_is_due_and_first_of_its_kind():
    def entry(name: str, about: str | None, seconds: float, channel: str = "list") -> Waiting:
        return Waiting(message(name, about=about), channel, NOON, NOON + timedelta(seconds=seconds))

    waiting = (
        entry("a1", "a", 5), entry("a2", "a", 0), entry("b1", "b", 0), entry("b2", "b", 0),
        entry("a1", "a", 0, "mail"), entry("n1", None, 0), entry("n2", None, 0),
    )  # fmt: skip
    due = [(e.message.message_id, e.channel) for e in plan(waiting, NOON)]
    assert due == [("b1", "list"), ("a1", "mail"), ("n1", "list"), ("n2", "list")]


def test_our_own_trouble_is_told_while_the_store_is_down(clock: HandClock):
    class Down(MemoryOutbox):
        def waiting(self, channels: object, *, limit: int = 200) -> tuple[Waiting, ...]:
            raise ConnectionError("the store is down")

    wake, stop = Event(), Event()

    class Last(Listener):
        def send(self, message: Message, *, reply_to: str | None = None, edit: str | None = None) -> Sent:
            sent = super().send(message, reply_to=reply_to, edit=edit)
            if len(self.told) == 2:
                stop.set()
            return sent

    channel = Last(limits=(Limit(1, 1.0),))
    own_news = queue(message("down"), message("up", kind="trouble.resolved"))
    with capture_logs() as events:
        keep_delivering([Down(), own_news], [channel], clock, wake=wake, stop=stop)
    assert channel.told == [("down", None, None), ("up", "r1", None)]
    assert clock.waits == [1.0], "as long as the channel's limit asks for, then it is over"
    assert [event["event"] for event in events].count("outbox.down") == 1, "said once"


def test_through_the_real_wire(receiver: Receiver, clock: HandClock):
    receiver.say(429, "Too Many Requests: retry after 3", retry_after=3)
    receiver.say(500, "Internal Server Error")
    outbox = queue(
        message("opened"),
        message("resolved", headline="shop: calm again", kind="incident.resolved"),
        channels=("telegram",),
    )
    channel, pace = telegram_at(receiver.url), Pace(clock)
    while (done := deliver(outbox, [channel], clock, pace=pace)).wait_s is not None:
        clock.passed_s += done.wait_s
    first, last = receiver.chat
    assert [posted.text for posted in receiver.chat.values()] == ["shop: it is slow", "shop: calm again"]
    assert receiver.chat[last].reply_to == first
