"""What counts as set."""

import pytest
from pydantic import ValidationError
from structlog.testing import capture_logs

from pganomaly.messages import speaker
from pganomaly.notify import NotifySettings, channels
from pganomaly.notify.settings import PUBLIC_BOT_API
from tests.notify.receiver import TOKEN


@pytest.mark.parametrize(
    "value",
    [
        "secret", "SECRET", "changeme", "change_me", "change-me", "token", "your_token", "YOUR_BOT_TOKEN_HERE", "xxx",
        "XXXX", "xxxx-xxxx", "<token>", "<your bot token>", "...", "***", "", "  ", "none", "null", "todo",
        "put your token here", "my-secret-token", "insert_token", "{{ token }}", "$TELEGRAM_BOT_TOKEN", "your_chat_id",
        "-",
    ],
)  # fmt: skip
def test_a_placeholder_is_not_set(value: str):
    nothing = NotifySettings(telegram_bot_token=value, telegram_chat_id=value, heartbeat_url=value)
    assert nothing.telegram_bot_token is None
    assert nothing.telegram_chat_id is None
    assert nothing.heartbeat_url is None
    assert channels(nothing, speaker("en")) == ()


@pytest.mark.parametrize("chat_id", ["-1001234567890", "42", 42, " 42 ", "@shop_alerts", "@test"])
def test_a_real_token_and_chat_make_a_channel(chat_id: str):
    given = NotifySettings(telegram_bot_token=f" {TOKEN} ", telegram_chat_id=chat_id)
    assert given.telegram_bot_token is not None
    assert given.telegram_bot_token.get_secret_value() == TOKEN
    assert given.telegram_chat_id == str(chat_id).strip()
    (channel,) = channels(given, speaker("en"))
    assert channel.name == "telegram"
    assert TOKEN not in repr((given, channel))


def test_half_of_it_is_noticed():
    assert NotifySettings(telegram_bot_token=TOKEN, telegram_chat_id="secret").half_set == "TELEGRAM_CHAT_ID"
    assert NotifySettings(telegram_chat_id="42").half_set == "TELEGRAM_BOT_TOKEN"
    with capture_logs() as events:
        assert channels(NotifySettings(telegram_chat_id="42"), speaker("en")) == ()
    assert "TELEGRAM_BOT_TOKEN is not set" in events[0]["error"]
    assert NotifySettings().half_set is None
    assert NotifySettings(telegram_bot_token=TOKEN, telegram_chat_id="42").half_set is None


def test_an_own_bot_api_may_be_named():
    assert NotifySettings().telegram_api_url == PUBLIC_BOT_API
    assert NotifySettings(telegram_api_url="").telegram_api_url == PUBLIC_BOT_API
    assert NotifySettings(telegram_api_url="http://bot.lan:8081/").telegram_api_url == "http://bot.lan:8081/"
    with pytest.raises(ValidationError, match="telegram_api_url") as caught:
        NotifySettings(telegram_bot_token=TOKEN, telegram_api_url=f"bot.lan/{TOKEN}")
    assert TOKEN not in str(caught.value)


def test_further_channels_are_read_as_a_list_of_secrets():
    given = NotifySettings(notify_urls="slack://a/b, mailto://c:d@e")
    assert [url.get_secret_value() for url in given.notify_urls] == ["slack://a/b", "mailto://c:d@e"]
    assert "c:d" not in repr(given)
    assert NotifySettings(notify_urls=None).notify_urls == ()
