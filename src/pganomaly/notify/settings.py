"""What the user may set about being told."""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, SecretStr

from pganomaly.messages import _

PUBLIC_BOT_API = "https://api.telegram.org"

_PLACEHOLDER_WORDS = re.compile(
    r"""(?x) x+ | an? | and | add | api | be | bot | change(me|it)? | chat | default | dummy | enter | example | fill
    | from | here | id | in | insert | key | me | my | none | null | of | paste | placeholder | put | replace | secret
    | set | some | tbd | telegram | test | the | this | to | todo | token | undefined | url | value | with | your?"""
)


def is_placeholder(value: str) -> bool:
    """Return whether *value* is what an example file says in place of a secret: changeme, your_token, <token>."""
    words = re.findall(r"\w+", value.lower().replace("_", " "))
    return not value.strip().startswith("@") and all(_PLACEHOLDER_WORDS.fullmatch(word) for word in words)


def _or_none(value: Any) -> Any:
    """Turn blanks and placeholders into None; everything else is left for pydantic to check."""
    text = value.get_secret_value() if isinstance(value, SecretStr) else value
    if isinstance(text, int) and not isinstance(text, bool):
        return str(text)
    if not isinstance(text, str):
        return value
    return None if is_placeholder(text) else text.strip()


def _list(value: Any) -> Any:
    """Turn addresses separated by blanks or commas into a list."""
    text = value.get_secret_value() if isinstance(value, SecretStr) else value
    if isinstance(text, str):
        return tuple(SecretStr(part) for part in re.split(r"[\s,]+", text) if part)
    return value or ()


def _http(value: SecretStr | str | None) -> SecretStr | str | None:
    text = value.get_secret_value() if isinstance(value, SecretStr) else value
    if text is not None and not re.match(r"https?://[^/\s]", text):
        raise ValueError(_("it must begin with http:// or https://, followed by a host"))
    return value


def addresses(value: SecretStr | None) -> SecretStr | None:
    """Return *value*, in which every part is an address of some kind; ValueError where one is none."""
    if value is not None and not all(
        re.match(r"[a-z][a-z0-9+.-]*:", part.get_secret_value(), re.I) for part in _list(value)
    ):
        raise ValueError(_("write addresses such as slack://… with blanks between"))
    return value


def _or_public(value: Any) -> Any:
    return value or PUBLIC_BOT_API


class NotifySettings(BaseModel, frozen=True, hide_input_in_errors=True):
    """Where people are told."""

    telegram_bot_token: Annotated[SecretStr | None, BeforeValidator(_or_none)] = Field(
        None, description="The bot's token, as @BotFather shows it. A placeholder counts as not set."
    )
    telegram_chat_id: Annotated[str | None, BeforeValidator(_or_none)] = Field(
        None,
        description="The chat, group or channel to write to: a number, negative for groups, or @name of a channel.",
    )
    telegram_api_url: Annotated[str, BeforeValidator(_or_public), AfterValidator(_http)] = Field(
        PUBLIC_BOT_API, description="Base address of the Bot API, for servers of your own."
    )
    heartbeat_url: Annotated[SecretStr | None, BeforeValidator(_or_none), AfterValidator(_http)] = Field(
        None, description="Asked for (GET) after good ticks, so that others notice when we are dead."
    )
    notify_urls: Annotated[tuple[SecretStr, ...], BeforeValidator(_list)] = Field(
        (), description="Further channels, separated by blanks."
    )

    @property
    def half_set(self) -> str | None:
        """The one of Telegram's two variables that is missing, None where both or none are set."""
        if (self.telegram_bot_token is None) == (self.telegram_chat_id is None):
            return None
        return "TELEGRAM_BOT_TOKEN" if self.telegram_bot_token is None else "TELEGRAM_CHAT_ID"
