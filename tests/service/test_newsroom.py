"""Silence is told by whoever looks, not by the one who is silent; and only where nothing else explains it."""

from threading import Event

from structlog.testing import capture_logs

from pganomaly.errors import PganomalyError
from pganomaly.messages import speaker
from pganomaly.messages.trouble import Trouble
from pganomaly.notify import MemoryOutbox
from pganomaly.service.bulletin import Bulletin
from pganomaly.service.newsroom import Newsroom
from tests.notify.clock import HandClock


class Room:
    """A newsroom with a clock that is moved by hand, windows of 10 seconds."""

    def __init__(self, *others: str) -> None:
        self.clock, self.outbox = HandClock(), MemoryOutbox()
        bulletin = Bulletin(("shop", *others))
        self.news, *self.others = (
            Newsroom(
                server, self.outbox, ("telegram",), Event(), speaker("en"), self.clock, interval_s=10.0,
                bulletin=bulletin,
            )
            for server in ("shop", *others)
        )  # fmt: skip

    def told(self) -> list[str]:
        return [entry.message.kind for entry in self.outbox.waiting(("telegram",))]

    def later(self, seconds: float) -> list[str]:
        self.clock.passed_s += seconds
        self.news.look()
        return self.told()


def test_no_window_for_five_intervals_is_told_once_and_its_end_once():
    room = Room()
    room.news.on_duty()

    assert room.later(49) == []
    assert room.later(2) == ["trouble.opened"]
    assert room.later(60) == ["trouble.opened"]
    with capture_logs() as logged:
        room.news.window()
    assert room.told() == ["trouble.opened", "trouble.resolved"]
    assert [(entry["event"], "windows are completed again" in entry["says"]) for entry in logged] == [
        ("trouble.resolved", True)
    ]
    assert room.later(40) == ["trouble.opened", "trouble.resolved"]


def test_whoever_does_not_watch_is_not_missed():
    room = Room()
    assert room.later(1000) == []

    room.news.on_duty()
    room.news.off_duty()
    assert room.later(1000) == []


def test_a_known_reason_is_reason_enough():
    room = Room()
    room.news.on_duty()
    room.news.seen(Trouble.SERVER_UNREACHABLE, PganomalyError())

    assert room.later(1000) == []
    room.news.seen(Trouble.SERVER_UNREACHABLE, PganomalyError())
    assert room.told() == ["trouble.opened"]
    room.news.over(Trouble.SERVER_UNREACHABLE)
    assert room.told() == ["trouble.opened", "trouble.resolved"]


def test_a_store_that_many_share_is_told_once_and_is_well_when_all_are():
    """Forty servers, one store: one message, not forty, and it names no server."""
    room = Room("crm", "wiki")
    everybody = (room.news, *room.others)
    for _ in range(3):
        for news in everybody:
            news.seen(Trouble.STORE_DOWN, PganomalyError())
        room.clock.passed_s += 10
    for news in everybody[:-1]:
        news.over(Trouble.STORE_DOWN)
    assert room.told() == ["trouble.opened"]

    everybody[-1].over(Trouble.STORE_DOWN)
    began, ended = (entry.message for entry in room.outbox.waiting(("telegram",)))
    assert (began.kind, ended.kind) == ("trouble.opened", "trouble.resolved")
    assert began.headline.startswith("pganomaly: the store cannot be written, since ")
    assert ended.headline == "pganomaly: the store can be written again, after 30 s"
    assert ended.about == began.about

    everybody[1].seen(Trouble.STORE_DOWN, PganomalyError())
    room.clock.passed_s += 20
    everybody[1].seen(Trouble.STORE_DOWN, PganomalyError())
    assert room.told() == ["trouble.opened", "trouble.resolved", "trouble.opened"]


def test_one_server_tells_of_its_store_under_its_own_name():
    room = Room()
    for _ in range(3):
        room.news.seen(Trouble.STORE_DOWN, PganomalyError())
        room.clock.passed_s += 10

    (told,) = room.outbox.waiting(("telegram",))
    assert told.message.headline.startswith("shop: the store cannot be written")
