"""What only Telegram does."""

import logging

import pytest

from pganomaly.errors import (
    NotTheBotApi,
    Rejected,
    Retry,
    TelegramBotShutOut,
    TelegramChatNotFound,
    TelegramRequestRefused,
    TelegramTokenRefused,
)
from pganomaly.notify import markup
from pganomaly.records import Block
from tests.notify.conftest import CHAT, message, telegram_at
from tests.notify.receiver import TOKEN, Answer, Receiver


def test_a_message_is_bold_plain_and_code_without_previews(receiver: Receiver):
    news = message("m1", "each call takes 212 ms")
    telegram_at(receiver.url).send(message("m1", "a < b"))
    ((path, fields),) = receiver.asked
    assert path == f"/bot{TOKEN}/sendMessage"
    assert fields["text"] == "<b>shop: it is slow</b>\n\na &lt; b"
    assert fields["parse_mode"] == "HTML"
    assert fields["link_preview_options"] == {"is_disabled": True}
    assert markup.as_html((*news.blocks, Block("code", "a<b"))).endswith("<pre>a&lt;b</pre>")


def test_the_end_of_an_incident_replies_to_its_beginning(receiver: Receiver):
    channel = telegram_at(receiver.url)
    first = channel.send(message("m1"))
    channel.send(message("m2", headline="shop: calm again"), reply_to=first.remote_id)
    opened, closed = receiver.chat
    assert receiver.chat[closed].reply_to == opened
    assert receiver.asked[-1][1]["reply_parameters"]["allow_sending_without_reply"] is True


def test_markup_that_telegram_cannot_read_is_sent_as_plain_text(receiver: Receiver):
    receiver.say(400, "Bad Request: can't parse entities: Unsupported start tag at byte offset 7")
    telegram_at(receiver.url).send(message("m1", "a < b"))
    (posted,) = receiver.chat.values()
    assert posted.text == "shop: it is slow\n\na < b"
    assert "parse_mode" not in receiver.asked[-1][1]


def test_text_that_telegram_finds_too_long_is_cut_further(receiver: Receiver):
    for _ in range(2):
        receiver.say(400, "Bad Request: message is too long")
    telegram_at(receiver.url).send(message("m1", *["word " * 100] * 5))
    (posted,) = receiver.chat.values()
    assert len(posted.text) <= markup.MOST_UNITS // 4
    assert posted.text.startswith("shop: it is slow")


def test_what_telegram_never_takes_ends_in_a_refusal_not_in_a_loop(receiver: Receiver):
    for _ in range(3):
        receiver.say(400, "Bad Request: can't parse entities")
    with pytest.raises(TelegramRequestRefused):
        telegram_at(receiver.url).send(message())
    assert len(receiver.asked) == 3


def test_a_group_that_became_a_supergroup_is_followed_and_reported(receiver: Receiver):
    receiver.moved[CHAT] = "-1009999"
    channel = telegram_at(receiver.url)
    first, second = channel.send(message("m1")), channel.send(message("m2"))
    assert first.moved_to == "-1009999"
    assert first.remote_id.startswith("-1009999/")
    assert second.moved_to is None
    assert {posted.chat_id for posted in receiver.chat.values()} == {"-1009999"}
    assert len(receiver.asked) == 3, "the new address is remembered"


def test_a_group_that_sends_in_circles_is_given_up(receiver: Receiver):
    receiver.moved |= {CHAT: "-2", "-2": CHAT}
    with pytest.raises(Rejected):
        telegram_at(receiver.url).send(message())


@pytest.mark.parametrize(
    ("status", "description", "error", "fix"),
    [
        (401, "Unauthorized", TelegramTokenRefused, "@BotFather"),
        (404, "Not Found", TelegramTokenRefused, "@BotFather"),
        (400, "Bad Request: chat not found", TelegramChatNotFound, "/getUpdates"),
        (403, "Forbidden: bot was blocked by the user", TelegramBotShutOut, "press Start"),
        (403, "Forbidden: bot was kicked from the supergroup chat", TelegramBotShutOut, "add the bot"),
        (400, "Bad Request: not enough rights to send text messages to the chat", TelegramBotShutOut, "administrator"),
        (400, "Bad Request: something new", TelegramRequestRefused, "TELEGRAM_CHAT_ID"),
        (404, "", NotTheBotApi, "TELEGRAM_API_URL"),
    ],
)
def test_each_refusal_names_the_exact_step(receiver: Receiver, status, description, error, fix):
    receiver.say(status, description)
    with pytest.raises(error, match=fix):
        telegram_at(receiver.url).send(message())


def test_an_address_that_is_something_else_is_no_telegram(receiver: Receiver):
    receiver.prepared += [Answer(200, "<html>Welcome</html>"), Answer(302, "")]
    for _ in range(2):
        with pytest.raises(NotTheBotApi):
            telegram_at(receiver.url).send(message())
    assert len(receiver.asked) == 2, "a redirection is not followed: it would carry the token elsewhere"


def test_a_busy_telegram_that_names_no_time_is_tried_later(receiver: Receiver):
    receiver.say(429, "Too Many Requests")
    with pytest.raises(Retry) as caught:
        telegram_at(receiver.url).send(message())
    assert caught.value.after_s is None


def test_the_address_in_a_debug_log_has_no_token(receiver: Receiver, caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.DEBUG):
        telegram_at(receiver.url).send(message())
    assert '"POST *** HTTP/1.1" 200' in caplog.text
    assert TOKEN not in caplog.text
