"""Logs are events, and no secret gets through."""

import io
import json
import logging

import pytest
import structlog

from pganomaly import log

TOKEN = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsawK"


def last_event(stream: io.StringIO) -> dict[str, object]:
    event: dict[str, object] = json.loads(stream.getvalue().splitlines()[-1])
    return event


@pytest.fixture
def stream() -> io.StringIO:
    stream = io.StringIO()
    log.setup(log.LogFormat.JSON, stream=stream)
    return stream


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://app:hunter2@db1/shop",
        "postgresql://app:hun@hunter2@db1/shop",
        "host=db1 password=hunter2 user=app",
        "host=db1 password='a hunter2 b'",
        "postgresql://db1/shop?user=app&password=hunter2",
        "ALTER ROLE app PASSWORD 'hunter2'",
        '{"password": "hunter2"}',
        "DB_PASSWORD=hunter2",
        "Authorization: Bearer hunter2",
        "sslpassword=hunter2",
    ],
)
def test_a_password_is_gone_wherever_it_stands(text: str) -> None:
    assert "hunter2" not in log.without_secrets(text)


@pytest.mark.parametrize("text", [TOKEN, f"https://api.telegram.org/bot{TOKEN}/sendMessage", "/botabc:d/getMe"])
def test_a_bot_token_is_gone(text: str) -> None:
    assert TOKEN not in log.without_secrets(text)
    assert "abc:d" not in log.without_secrets(text)


@pytest.mark.parametrize("text", ["db1:5432 refused the password for app.", "12:03:11 window stored", "42 statements"])
def test_ordinary_text_stays(text: str) -> None:
    assert log.without_secrets(text) == text


def test_an_event_keeps_its_facts(stream: io.StringIO) -> None:
    structlog.stdlib.get_logger().info("window.stored", target="магазин", queryid=-42, num_tokens=7, share=0.5)
    event = last_event(stream)
    assert (event["event"], event["target"], event["queryid"], event["num_tokens"], event["share"]) == (
        "window.stored",
        "магазин",
        -42,
        7,
        0.5,
    )


def test_secrets_in_nested_facts_and_by_name_are_gone(stream: io.StringIO) -> None:
    structlog.stdlib.get_logger().info("x", token="abc", nested={"dsn": ["postgresql://u:hunter2@h/d"], "secret": "s3"})
    assert not {"abc", "hunter2", "s3"} & set(stream.getvalue().replace('"', " ").replace("@", " ").split())
    assert "hunter2" not in stream.getvalue()


def test_a_traceback_and_a_library_are_redacted_too(stream: io.StringIO) -> None:
    try:
        raise ValueError("password=hunter2")
    except ValueError:
        structlog.stdlib.get_logger().exception("tick.failed")
    logging.getLogger("urllib3").warning("Retrying %s", f"https://api.telegram.org/bot{TOKEN}/sendMessage")
    assert "Traceback" in stream.getvalue()
    assert "hunter2" not in stream.getvalue()
    assert TOKEN not in stream.getvalue()


def test_the_console_writes_a_line_without_colours_into_a_file() -> None:
    stream = io.StringIO()
    log.setup(log.LogFormat.CONSOLE, stream=stream)
    structlog.stdlib.get_logger().info("window.stored", target="shop")
    assert "window.stored" in stream.getvalue()
    assert "target=shop" in stream.getvalue()
    assert "\x1b" not in stream.getvalue()
