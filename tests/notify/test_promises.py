"""Written once, kept by every channel."""

import logging
from collections.abc import Callable
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from pganomaly.errors import ChannelError, Gone, Rejected, Retry
from pganomaly.messages import speaker
from pganomaly.records import Block
from tests.notify.conftest import Stage, message

HOSTILE = "</pre><b>bold</b> & <script>alert(1)</script> {0} %s \x00\x1b[31m \ud800 🛑 $1 \\ *_`"


def tells_everything_in_order(stage: Stage) -> None:
    stage.channel.send(message("m1", "first", "second"))
    (told,) = stage.told()
    assert told.index("shop: it is slow") < told.index("first") < told.index("second")


def hostile_text_is_text(stage: Stage) -> None:
    news = message("m1", HOSTILE, headline=f"shop: {HOSTILE}")
    stage.channel.send(replace(news, blocks=(*news.blocks, Block("code", HOSTILE))))
    (told,) = stage.told()
    assert told.count("</pre><b>bold</b> & <script>alert(1)</script> {0} %s") == 3
    assert "\x00" not in told


def the_headline_survives_any_length(stage: Stage) -> None:
    stage.channel.send(message("m1", *["word " * 500] * 20))
    stage.channel.send(message("m2", headline="shop: " + "🛑" * 9000))
    first, second = stage.told()
    assert first.startswith("shop: it is slow")
    assert "do not fit here" in first
    assert second.startswith("shop: 🛑")


def an_edit_takes_the_place_of_the_first(stage: Stage) -> None:
    sent = stage.channel.send(message("m1", "three windows"))
    again = stage.channel.send(message("m2", "four windows"), edit=sent.remote_id)
    (told,) = stage.told()
    assert "four windows" in told
    assert again.remote_id == sent.remote_id


def an_edit_without_a_change_is_fine(stage: Stage) -> None:
    sent = stage.channel.send(message("m1", "three windows"))
    stage.channel.send(message("m2", "three windows"), edit=sent.remote_id)
    assert len(stage.told()) == 1


def an_edit_of_what_is_gone_says_so(stage: Stage) -> None:
    sent = stage.channel.send(message("m1"))
    lost = sent.remote_id[:-3] + "999"
    with pytest.raises(Gone):
        stage.channel.send(message("m2"), edit=lost)


def a_reply_to_what_is_gone_arrives(stage: Stage) -> None:
    stage.channel.send(message("m1"), reply_to="another-chat/7")
    stage.channel.send(message("m2"), reply_to="")
    assert len(stage.told()) == 2


def a_busy_channel_says_when_to_come_again(stage: Stage) -> None:
    stage.busy(7)
    with pytest.raises(Retry) as caught:
        stage.channel.send(message())
    assert caught.value.after_s == 7


def trouble_on_the_way_is_to_be_tried_again(stage: Stage) -> None:
    for fails in (stage.broken, stage.silent):
        fails()
        with pytest.raises(Retry) as caught:
            stage.channel.send(message())
        assert caught.value.after_s is None
    with pytest.raises(Retry):
        stage.absent.send(message())


def a_refusal_comes_with_the_fix_in_both_languages(stage: Stage) -> None:
    stage.locked()
    with pytest.raises(Rejected) as caught:
        stage.channel.send(message())
    assert "Fix: " in speaker("en").error(caught.value)
    assert "Исправление: " in speaker("ru").error(caught.value)


def secrets_are_never_printed(stage: Stage) -> None:
    said = [repr(stage.channel), str(stage.channel), str(vars(stage.channel)), repr(stage.absent)]
    for fails in (lambda: stage.busy(1), stage.broken, stage.silent, stage.locked):
        fails()
        with pytest.raises(ChannelError) as caught:
            stage.channel.send(message())
        said += [str(caught.value), repr(caught.value), str(caught.getrepr(style="short")), str(caught.value.facts)]
    with pytest.raises(ChannelError) as caught:
        stage.absent.send(message())
    said += [str(caught.value), str(caught.getrepr(style="short"))]
    assert [secret for secret in stage.secrets for text in said if secret in text] == []


PROMISES = (
    tells_everything_in_order,
    hostile_text_is_text,
    the_headline_survives_any_length,
    an_edit_takes_the_place_of_the_first,
    an_edit_without_a_change_is_fine,
    an_edit_of_what_is_gone_says_so,
    a_reply_to_what_is_gone_arrives,
    a_busy_channel_says_when_to_come_again,
    trouble_on_the_way_is_to_be_tried_again,
    a_refusal_comes_with_the_fix_in_both_languages,
    secrets_are_never_printed,
)


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__)
def test_promise(promise: Callable[[Stage], None], stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), capture_logs() as events:
        promise(stage)
    assert [secret for secret in stage.secrets if secret in caplog.text + str(events)] == []
