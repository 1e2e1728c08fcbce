"""
Every variable that users set, in the environment or in .env: its name, default and sentence.

What a room declares of its own is taken from there, so that defaults and limits have one home; `.env.example` is made
of this list and checked against it.
"""

import re
from collections.abc import Mapping
from copy import copy
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from pganomaly import errors
from pganomaly.drift import DriftSettings
from pganomaly.incidents import AlertSettings
from pganomaly.messages import _
from pganomaly.notify import NotifySettings, addresses
from pganomaly.settings.complaints import complaints, given
from pganomaly.training import Contamination, ModelSettings

_SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_A_DURATION = re.compile(r"\s*(\d{1,9}(?:\.\d+)?)\s*(s|m|min|h|d|w)?\s*")


def read_duration(text: str, *, bare: str = "d") -> timedelta:
    """Read `90s`, `15m`, `6h`, `8d`, `2w`; a *bare* number means days, as retention is thought of in days."""
    match = _A_DURATION.fullmatch(text)
    if match is None:
        raise ValueError(_("{given} is no duration, write one like 90s, 15m, 6h, 8d or 2w"))
    return timedelta(seconds=float(match[1]) * _SECONDS[match[2] or bare])


def asked_duration(option: str, text: str) -> timedelta:
    """Read the duration behind an option of a command; errors.BadOption where it is none."""
    try:
        return read_duration(text)
    except ValueError as error:
        complaint = errors.Complaint(option, str(error), {"given": given(text)})
        raise errors.BadOption(complaints=errors.Complaints([complaint])) from None


def _duration(value: object) -> object:
    return read_duration(value) if isinstance(value, str) else value


def _in_seconds(value: object) -> object:
    return read_duration(value, bare="s").total_seconds() if isinstance(value, str) else value


def _auto(value: object) -> object:
    """Read `auto`, `none` and nothing at all as "the model's own"."""
    return None if isinstance(value, str) and value.strip().lower() in ("", "auto", "none") else value


def _lower(value: object) -> object:
    return value.strip().lower() if isinstance(value, str) else value


def _like(room: type[BaseModel], field: str) -> Any:
    """Return the default, the limits and the sentence that a room has given one of its settings."""
    return copy(room.model_fields[field])


Duration = Annotated[timedelta, BeforeValidator(_duration)]
Seconds = Annotated[float, BeforeValidator(_in_seconds)]
"""60, 60s, 1m"""
File = Annotated[Path, AfterValidator(Path.expanduser)]


class Settings(BaseSettings):
    """All variables, lower case. Anything else in the environment is somebody else's."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        allow_inf_nan=False,
    )

    db_host: str | None = Field(None, description="Host of the PostgreSQL server to watch; a folder for a Unix socket.")
    db_port: int | None = Field(None, ge=1, le=65535, description="Its port.")
    db_name: str | None = Field(None, description="Database to connect to; statements of all databases are seen.")
    db_username: str | None = Field(None, description="Role to connect as; it needs pg_monitor.")
    db_password: SecretStr | None = Field(None, description="Its password; DB_PASSWORD_FILE or ~/.pgpass are safer.")
    db_password_file: File | None = Field(None, description="A file that holds the password.")
    db_sslmode: Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] | None = Field(
        None, description="How TLS is used, as libpq's sslmode."
    )
    db_sslrootcert: str | None = Field(None, description="File with the certificate authority for verify-ca and -full.")
    targets: SecretStr | None = Field(
        None,
        description="Several servers: name=postgresql://... separated by blanks; DB_* or STORE_URL is the store.",
    )
    store_url: SecretStr | None = Field(
        None, description="Where the schema monitoring lives, if not in the watched database: postgresql://..."
    )
    store_max_gb: float = Field(5.0, gt=0, description="The store stays below this size: the oldest days go first.")
    retain_raw: Duration = Field(timedelta(days=1), description="How long raw snapshots are kept.")
    retain_deltas: Duration = Field(timedelta(days=8), description="How long deltas are kept.")
    retain_features: Duration = Field(
        timedelta(days=8), description="How long features are kept; training needs 7 days."
    )
    retain_rollups: Duration = Field(timedelta(days=400), description="How long hourly sums are kept.")
    retain_scores: Duration = Field(
        timedelta(days=180), description="How long anomalous windows and incidents are kept."
    )

    collect_interval: Seconds = Field(60.0, ge=1, description="Seconds between two snapshots.")
    read_plans: bool = Field(
        False, description="Read plans as evidence (PostgreSQL 16); needs what `pganomaly grant-sql --plans` prints."
    )
    retrain_interval: Seconds = Field(86400.0, ge=60, description="Seconds between two trainings.")
    detect_batch_limit: int = Field(
        2000, ge=1, description="Rows that one detection run scores at most; a window is never cut in half."
    )
    train_collect_iterations: int = Field(40, ge=1, description="Snapshots of the baseline before the first model.")
    train_collect_sleep: Seconds = Field(10.0, gt=0, description="Seconds between the snapshots of the baseline.")
    train_retry_limit: int = Field(
        10, ge=0, description="Trainings tried before the service goes on with the per-statement engine alone."
    )
    baseline_load: Literal["none", "pgbench"] = Field(
        "none", description="pgbench: load a scratch database during the baseline (for trying it out, never needed)."
    )

    model_file: File = Field(Path("model_baseline_v1"), description="Where the active model is exported to.")
    model_version: str = _like(ModelSettings, "version")
    model_contamination: Contamination = _like(ModelSettings, "contamination")
    model_n_estimators: int = _like(ModelSettings, "n_estimators")
    model_min_rows: int = _like(ModelSettings, "min_rows")
    model_min_queryids: int = _like(ModelSettings, "min_queryids")
    model_max_samples_per_queryid: int = _like(ModelSettings, "max_samples_per_queryid")
    model_alert_quantile: float = _like(ModelSettings, "alert_quantile")
    alert_score_threshold: Annotated[float | None, BeforeValidator(_auto)] = Field(
        None, description="A threshold of your own; auto, none or empty: the model's."
    )

    alert_budget_per_day: float = Field(1.0, gt=0, description="False incidents a day and server that you accept.")
    fleet_budget_per_day: float | None = Field(None, gt=0, description="The same for all servers together.")
    alert_min_share: float = _like(AlertSettings, "min_share")
    alert_min_ms_per_s: float = _like(AlertSettings, "min_ms_per_s")
    drift_consecutive_limit: int = _like(DriftSettings, "consecutive_limit")
    drift_signif_exec_ms: float = _like(DriftSettings, "signif_exec_ms")
    drift_signif_rows: float = _like(DriftSettings, "signif_rows")
    drift_signif_shared_read: float = _like(DriftSettings, "signif_shared_read")
    drift_signif_wal_bytes: float = _like(DriftSettings, "signif_wal_bytes")

    telegram_bot_token: SecretStr | None = _like(NotifySettings, "telegram_bot_token")
    telegram_chat_id: str | None = _like(NotifySettings, "telegram_chat_id")
    telegram_api_url: str = _like(NotifySettings, "telegram_api_url")
    notify_urls: Annotated[SecretStr | None, AfterValidator(addresses)] = Field(
        None, description="Further channels, as URLs."
    )
    heartbeat_url: SecretStr | None = _like(NotifySettings, "heartbeat_url")
    app_lang: Annotated[Literal["en", "ru"] | None, BeforeValidator(_lower)] = Field(
        None, description="Language of messages, en or ru; from LANG where not set."
    )
    log_format: Literal["console", "json"] = Field("console", description="How the log is written: console or json.")

    web_host: str = Field("127.0.0.1", description="Address of the pages.")
    web_port: int = Field(8787, ge=0, le=65535, description="Port of the pages; 0 means no pages.")
    web_token: SecretStr | None = Field(None, description="Token that the pages ask for.")
    anomaly_net: str = Field("anomaly-net", description="External network of the compose file.")


class _Alone(Settings):
    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource, *_: Any, **_others: Any
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read nothing but what is given."""
        return (init_settings,)


_SECRET = frozenset(
    name
    for name, field in Settings.model_fields.items()
    if "SecretStr" in str(field.annotation) or name.endswith("_url")
)


def load(**overrides: Any) -> Settings:
    """Return the settings of this process; errors.BadSettings names each variable that is wrong, and why."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise errors.BadSettings(complaints=complaints(error, secret=_SECRET)) from None


class _Language(BaseSettings):
    model_config = Settings.model_config

    app_lang: str | None = None


def app_lang() -> str | None:
    """Return what APP_LANG says, however wrong all else is."""
    return _Language().app_lang


def alone(given: Mapping[str, str]) -> Settings:
    """Return the defaults and what is *given* (lower case), whatever the environment and .env say."""
    try:
        return _Alone.model_validate(given)
    except ValidationError as error:
        raise errors.BadSettings(complaints=complaints(error, secret=_SECRET)) from None


def documented() -> dict[str, tuple[str, str]]:
    """Return every variable with its sentence and its default, as `.env.example` lists them."""
    return {
        name.upper(): (field.description or "", _shown(field.default)) for name, field in Settings.model_fields.items()
    }


def _shown(default: object) -> str:
    """Return a default as a user would write it."""
    if default is None:
        return ""
    if isinstance(default, timedelta):
        return f"{default.days}d"
    return f"{default:g}" if isinstance(default, float) else str(default)
