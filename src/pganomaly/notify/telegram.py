"""Telegram, by the Bot API: the public one or one of your own."""

import json
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import urllib3
from pydantic import SecretStr

from pganomaly import errors
from pganomaly.messages import Speaker
from pganomaly.notify import markup
from pganomaly.notify.channel import Limit, Sent
from pganomaly.notify.http import MOST_BYTES, http_pool
from pganomaly.notify.settings import PUBLIC_BOT_API
from pganomaly.records import Message

_GONE = ("message to edit not found", "message can't be edited", "message identifier is not specified")
_NO_CHAT = ("chat not found", "chat_id is empty", "peer_id_invalid")
_DISLIKED = ("entities", "too long")
_SHUT_OUT = ("not enough rights", "have no rights", "chat_write_forbidden", "need administrator rights")


class Telegram:
    """One chat, group or channel. Follows a group that was upgraded to a supergroup by itself."""

    name = "telegram"
    limits = (Limit(1, 1.0), Limit(20, 60.0))
    """What Telegram allows in a group; a private chat takes more, and needs no more."""

    def __init__(
        self,
        token: SecretStr,
        chat_id: str,
        *,
        speaker: Speaker,
        api_url: str = PUBLIC_BOT_API,
        connect_s: float = 5.0,
        read_s: float = 15.0,
    ) -> None:
        self._token = token
        self._chat_id = chat_id
        self._speaker = speaker
        self._api_url = api_url.rstrip("/")
        self._http = http_pool(connect_s=connect_s, read_s=read_s)

    def __repr__(self) -> str:
        """Return the destination, without the token."""
        return f"Telegram({self._chat_id!r} at {self._api_url!r})"

    def send(self, message: Message, *, reply_to: str | None = None, edit: str | None = None) -> Sent:
        """
        Deliver *message*: as a reply to *reply_to*, or in place of *edit*.

        A remote id is chat/message: the chat it is in now, also after the group moved, and the number there.
        """
        before = self._chat_id
        if edit is not None:
            number = self._number(edit)
            if number is None:
                raise errors.Gone(channel="Telegram")
            self._write(message, "editMessageText", {"message_id": number})
            return self._sent(number, before)
        number = self._number(reply_to) if reply_to else None
        reply = {"reply_parameters": {"message_id": number, "allow_sending_without_reply": True}} if number else {}
        return self._sent(self._write(message, "sendMessage", reply).get("message_id"), before)

    def _sent(self, number: object, before: str) -> Sent:
        moved_to = None if self._chat_id == before else self._chat_id
        return Sent(f"{self._chat_id}/{number}", moved_to)

    def _number(self, remote_id: str) -> int | None:
        """Return the message's number in this chat; None where it is in another."""
        chat, _, number = remote_id.rpartition("/")
        return int(number) if chat == self._chat_id and number.isdecimal() else None

    def _write(self, message: Message, method: str, place: dict[str, Any]) -> dict[str, Any]:
        """Try the message with markup, then as plain text, then shorter: whatever is disliked, the headline arrives."""
        blocks = markup.fitted(message.blocks, self._left_out)
        shorter = markup.fitted(message.blocks, self._left_out, markup.MOST_UNITS // 4)
        for text in ({"text": markup.as_html(blocks), "parse_mode": "HTML"}, {"text": markup.as_plain(blocks)}):
            try:
                return self._call(method, place | text)
            except _TextDislikedError:
                continue
        return self._call(method, place | {"text": markup.as_plain(shorter)}, last=True)

    def _left_out(self, parts: int) -> str:
        return self._speaker.count("… {n} more part does not fit here", "… {n} more parts do not fit here", parts)

    def _call(self, method: str, fields: dict[str, Any], *, last: bool = False, moved: bool = False) -> dict[str, Any]:
        """Return what the Bot API answers to one method; raise what its refusal means."""
        common = {"chat_id": self._chat_id, "link_preview_options": {"is_disabled": True}}
        status, answer = self._post(method, common | fields)
        if answer.get("ok"):
            return _object(answer.get("result"))
        parameters = _object(answer.get("parameters"))
        if (chat_id := parameters.get("migrate_to_chat_id")) is not None and not moved:
            self._chat_id = str(chat_id)
            return self._call(method, fields, last=last, moved=True)
        said = self._hidden(str(answer.get("description", ""))[:200])
        if "message is not modified" in said.lower():
            return {}
        if not last and status == HTTPStatus.BAD_REQUEST and any(words in said.lower() for words in _DISLIKED):
            raise _TextDislikedError
        raise self._refusal(status, said, parameters.get("retry_after"))

    def _refusal(self, status: int, said: str, retry_after: object) -> errors.ChannelError:
        """Return what a refusal means."""
        reason = f"HTTP {status} {said}".strip()
        later = status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_TIMEOUT)
        if later or status >= HTTPStatus.INTERNAL_SERVER_ERROR or retry_after is not None:
            return errors.Retry(after_s=_seconds(retry_after), channel="Telegram", reason=reason)
        if not said:
            return errors.NotTheBotApi(api_url=self._api_url, reason=reason)
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND):
            return errors.TelegramTokenRefused(reason=reason)
        return self._refused_request(status, said, reason)

    def _refused_request(self, status: int, said: str, reason: str) -> errors.ChannelError:
        """Return what it means that the bot is known and this request is not taken."""
        says = said.lower()
        if status == HTTPStatus.FORBIDDEN or any(words in says for words in _SHUT_OUT):
            return errors.TelegramBotShutOut(chat_id=self._chat_id, reason=said)
        if any(words in says for words in _NO_CHAT):
            return errors.TelegramChatNotFound(chat_id=self._chat_id, api_url=self._api_url)
        if any(words in says for words in _GONE):
            return errors.Gone(channel="Telegram")
        return errors.TelegramRequestRefused(reason=reason)

    def _post(self, method: str, fields: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        token = quote(self._token.get_secret_value(), safe=":")
        try:
            response = self._http.request(
                "POST",
                f"{self._api_url}/bot{token}/{method}",
                body=json.dumps(fields).encode(),
                headers={"Content-Type": "application/json", "User-Agent": "pganomaly"},
                redirect=False,
                preload_content=False,
            )
            text = response.read(MOST_BYTES)
            response.release_conn()
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            # Only the kind of error: its text holds the address, and the address holds the token.
            raise errors.Retry(channel="Telegram", reason=type(error).__name__) from None
        return response.status, _parsed(text)

    def _hidden(self, said: str) -> str:
        """Return what was said without the token, should whoever answers echo the address."""
        return said.replace(self._token.get_secret_value(), "***")


class _TextDislikedError(Exception):
    """Telegram could not read the markup, or finds the text too long."""


def _parsed(text: bytes) -> dict[str, Any]:
    try:
        return _object(json.loads(text))
    except ValueError:
        return {}


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _seconds(value: object) -> float | None:
    """Return a pause that Telegram asked for, within reason."""
    return min(max(float(value), 1.0), 86400.0) if isinstance(value, int | float) else None
