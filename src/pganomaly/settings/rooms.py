"""What each room receives: its own settings, made of the variables, and nothing else."""

import os
import re

from pganomaly import errors
from pganomaly.collect import Target
from pganomaly.drift import DriftSettings
from pganomaly.incidents import AlertSettings
from pganomaly.messages import language_of
from pganomaly.notify import NotifySettings
from pganomaly.pg import Conninfo, Secret
from pganomaly.settings.variables import Settings
from pganomaly.training import ModelSettings

_HERE = (None, "", "localhost", "127.0.0.1", "::1")


def language(asked: str | None) -> str:
    """Return the language of messages: the one *asked* for in APP_LANG, else that of the environment."""
    return language_of(asked, os.environ.get("LC_ALL") or os.environ.get("LANG"))


def database(settings: Settings) -> Conninfo | None:
    """Return what DB_* says, None where it says nothing."""
    if settings.db_host is None and settings.db_name is None:
        return None
    return Conninfo(
        host=settings.db_host,
        port=settings.db_port,
        dbname=settings.db_name,
        user=settings.db_username,
        password=_password(settings),
        sslmode=settings.db_sslmode,
        sslrootcert=settings.db_sslrootcert,
    )


def targets(settings: Settings) -> tuple[Target, ...]:
    """Return the servers to watch: TARGETS, else DB_*; errors.NoTarget where neither is set."""
    if settings.targets is not None:
        return _listed(settings.targets.get_secret_value())
    conninfo = database(settings)
    if conninfo is None:
        raise errors.NoTarget
    return (Target(called(conninfo), conninfo),)


def store(settings: Settings) -> Conninfo:
    """Return where the schema monitoring lives: STORE_URL, else the database of DB_*."""
    if settings.store_url is not None:
        return Conninfo.parse(settings.store_url.get_secret_value())
    conninfo = database(settings)
    if conninfo is None:
        raise errors.NoStore if settings.targets is not None else errors.NoTarget
    return conninfo


def called(conninfo: Conninfo) -> str:
    """Return what people call a server that has no name of its own: database@host:port, short where it is here."""
    port = f":{conninfo.port}" if conninfo.port not in (None, 5432) else ""
    name = conninfo.dbname or conninfo.user or "postgres"
    local = conninfo.host in _HERE or str(conninfo.host).startswith("/")
    return f"{name}{port}" if local else f"{name}@{conninfo.host}{port}"


def alerts(settings: Settings) -> AlertSettings:
    """Return what must be at stake before people are told."""
    return AlertSettings(
        min_share=settings.alert_min_share,
        min_ms_per_s=settings.alert_min_ms_per_s,
        budget_per_day=settings.alert_budget_per_day,
    )


def drift(settings: Settings) -> DriftSettings:
    """Return what confirms drift."""
    return DriftSettings(
        consecutive_limit=settings.drift_consecutive_limit,
        signif_exec_ms=settings.drift_signif_exec_ms,
        signif_rows=settings.drift_signif_rows,
        signif_shared_read=settings.drift_signif_shared_read,
        signif_wal_bytes=settings.drift_signif_wal_bytes,
    )


def model(settings: Settings) -> ModelSettings:
    """Return how models are trained."""
    return ModelSettings(
        version=settings.model_version,
        contamination=settings.model_contamination,
        n_estimators=settings.model_n_estimators,
        min_rows=settings.model_min_rows,
        min_queryids=settings.model_min_queryids,
        max_samples_per_queryid=settings.model_max_samples_per_queryid,
        alert_quantile=settings.model_alert_quantile,
    )


def notify(settings: Settings) -> NotifySettings:
    """Return where people are told."""
    return NotifySettings.model_validate(
        {
            "telegram_bot_token": settings.telegram_bot_token,
            "telegram_chat_id": settings.telegram_chat_id,
            "telegram_api_url": settings.telegram_api_url,
            "heartbeat_url": settings.heartbeat_url,
            "notify_urls": settings.notify_urls,
        }
    )


def _password(settings: Settings) -> Secret | None:
    if settings.db_password is not None:
        return Secret(settings.db_password.get_secret_value())
    if settings.db_password_file is None:
        return None
    try:
        return Secret(settings.db_password_file.read_text(encoding="utf-8").rstrip("\r\n"))
    except OSError as error:
        raise errors.PasswordFileUnreadable(file=settings.db_password_file, said=error.strerror) from None


def _listed(text: str) -> tuple[Target, ...]:
    """Read `name=postgresql://... name=postgresql://...`; the name may be left out."""
    found: list[Target] = []
    for entry in text.split():
        match = re.fullmatch(r"(?:([\w.@-]+)=)?(postgres(?:ql)?://\S+)", entry)
        if match is None:
            raise errors.BadTargets(position=len(found) + 1)
        conninfo = Conninfo.parse(match[2])
        found.append(Target(match[1] or called(conninfo), conninfo))
    twice = {t.name for t in found if sum(other.name == t.name for other in found) > 1}
    if twice:
        raise errors.TargetNamedTwice(names=", ".join(sorted(twice)))
    return tuple(found)
