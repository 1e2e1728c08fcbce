"""A receiver for every test that wants one, and one stage per channel for the promises that all of them keep."""

import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from pydantic import SecretStr

from pganomaly.messages import speaker
from pganomaly.notify import Channel, Telegram
from pganomaly.records import Block, Message
from tests.notify.clock import HandClock
from tests.notify.receiver import TOKEN, Answer, Receiver, listening

CHAT = "-1001"


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with listening() as running:
        yield running


@dataclass(frozen=True)
class Stage:
    """
    One channel before its receiver.

    told     what people there see, in order
    secrets  what must never be printed
    busy, broken, silent, absent, locked make the next request fail in that way
    """

    channel: Channel
    told: Callable[[], list[str]]
    secrets: tuple[str, ...]
    busy: Callable[[float], None]
    broken: Callable[[], None]
    silent: Callable[[], None]
    locked: Callable[[], None]
    absent: Channel


def telegram_at(url: str, **options: float) -> Telegram:
    return Telegram(SecretStr(TOKEN), CHAT, speaker=speaker("en"), api_url=url, **options)


def nobody_listens() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def telegram_stage(receiver: Receiver) -> Stage:
    return Stage(
        channel=telegram_at(receiver.url, connect_s=2.0, read_s=0.3),
        told=lambda: [posted.text for posted in receiver.chat.values()],
        secrets=(TOKEN, TOKEN.partition(":")[2]),
        busy=lambda after_s: receiver.say(429, "Too Many Requests: retry later", retry_after=after_s),
        broken=lambda: receiver.prepared.append(Answer(502, "<html>Bad Gateway</html>")),
        silent=lambda: receiver.prepared.append(Answer(seconds=0.8)),
        locked=lambda: receiver.say(401, "Unauthorized"),
        absent=telegram_at(nobody_listens()),
    )


STAGES = {"telegram": telegram_stage}


@pytest.fixture(params=STAGES)
def stage(request: pytest.FixtureRequest, receiver: Receiver) -> Stage:
    return STAGES[request.param](receiver)


def message(
    name: str = "m1",
    *texts: str,
    kind: str = "incident.opened",
    about: str | None = "i1",
    headline: str = "shop: it is slow",
) -> Message:
    blocks = (Block("headline", headline), *(Block("text", text) for text in texts))
    return Message(name, kind, about, blocks)
