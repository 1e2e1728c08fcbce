"""What users set: names, defaults, and clear words for what is wrong."""

from datetime import timedelta

import pytest

from pganomaly import errors, settings
from pganomaly.pg import Conninfo
from pganomaly.settings import Settings, called

NAMES_THAT_USERS_KNOW = (
    "DB_HOST", "DB_PORT", "DB_NAME", "DB_USERNAME", "DB_PASSWORD", "DB_PASSWORD_FILE", "DB_SSLMODE",
    "DB_SSLROOTCERT", "MODEL_FILE", "MODEL_VERSION", "MODEL_CONTAMINATION", "MODEL_N_ESTIMATORS", "MODEL_MIN_ROWS",
    "MODEL_MIN_QUERYIDS", "MODEL_MAX_SAMPLES_PER_QUERYID", "MODEL_ALERT_QUANTILE", "ALERT_SCORE_THRESHOLD",
    "COLLECT_INTERVAL", "RETRAIN_INTERVAL", "DETECT_BATCH_LIMIT", "TRAIN_COLLECT_ITERATIONS", "TRAIN_COLLECT_SLEEP",
    "TRAIN_RETRY_LIMIT", "DRIFT_CONSECUTIVE_LIMIT", "DRIFT_SIGNIF_EXEC_MS", "DRIFT_SIGNIF_ROWS",
    "DRIFT_SIGNIF_SHARED_READ", "DRIFT_SIGNIF_WAL_BYTES", "TELEGRAM_BOT_TOKEN", "TELEGRAM_CHAT_ID", "ANOMALY_NET",
    "STORE_URL", "TARGETS", "STORE_MAX_GB", "RETAIN_RAW", "RETAIN_DELTAS", "RETAIN_FEATURES", "RETAIN_ROLLUPS",
    "RETAIN_SCORES", "ALERT_BUDGET_PER_DAY", "FLEET_BUDGET_PER_DAY", "ALERT_MIN_SHARE", "ALERT_MIN_MS_PER_S",
    "NOTIFY_URLS", "TELEGRAM_API_URL", "HEARTBEAT_URL", "APP_LANG", "WEB_HOST", "WEB_PORT", "WEB_TOKEN",
    "BASELINE_LOAD", "LOG_FORMAT", "READ_PLANS",
)  # fmt: skip


@pytest.fixture(autouse=True)
def own_folder(monkeypatch, tmp_path):
    for name in NAMES_THAT_USERS_KNOW:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_variable_that_users_know_is_there_with_a_sentence():
    documented = settings.documented()

    assert sorted(documented) == sorted(NAMES_THAT_USERS_KNOW)
    assert all(sentence for sentence, _default in documented.values())


@pytest.mark.parametrize(
    ("name", "default"),
    [
        ("MODEL_CONTAMINATION", "0.01"),
        ("MODEL_MIN_ROWS", "500"),
        ("MODEL_ALERT_QUANTILE", "0.002"),
        ("COLLECT_INTERVAL", "60"),
        ("RETRAIN_INTERVAL", "86400"),
        ("DETECT_BATCH_LIMIT", "2000"),
        ("DRIFT_SIGNIF_ROWS", "50000"),
        ("RETAIN_ROLLUPS", "400d"),
        ("ALERT_MIN_SHARE", "0.003"),
        ("WEB_PORT", "8787"),
    ],
)
def test_defaults_are_those_that_users_know(name, default):
    assert settings.documented()[name][1] == default


def test_a_file_with_inline_comments_is_read_and_the_environment_wins(own_folder, monkeypatch):
    (own_folder / ".env").write_text("DB_HOST=db1   # the primary\nDB_PORT=5433\nCOLLECT_INTERVAL=30 # seconds\n")
    monkeypatch.setenv("DB_PORT", "6000")

    chosen = settings.load()

    assert (chosen.db_host, chosen.db_port, chosen.collect_interval) == ("db1", 6000, 30.0)


@pytest.mark.parametrize("text", ["auto", "none", "", "AUTO"])
def test_a_threshold_may_be_left_to_the_model(text, monkeypatch):
    monkeypatch.setenv("ALERT_SCORE_THRESHOLD", text)
    assert settings.load().alert_score_threshold is None

    monkeypatch.setenv("ALERT_SCORE_THRESHOLD", "-0.05")
    assert settings.load().alert_score_threshold == -0.05


def test_durations_are_written_as_people_do(monkeypatch):
    for text, span in [("36h", timedelta(hours=36)), ("2w", timedelta(weeks=2)), ("3", timedelta(days=3))]:
        monkeypatch.setenv("RETAIN_RAW", text)
        assert settings.load().retain_raw == span


def test_a_rhythm_is_a_number_of_seconds_or_a_duration(monkeypatch):
    for text, seconds in [("60", 60.0), ("2m", 120.0), ("30s", 30.0), ("1.5", 1.5)]:
        monkeypatch.setenv("COLLECT_INTERVAL", text)
        assert settings.load().collect_interval == seconds


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("DB_PORT", "abc", '"abc" is not a whole number'),
        ("DB_PORT", "70000", '"70000" is too much, it must be 65535 or less'),
        ("COLLECT_INTERVAL", "soon", '"soon" is no duration, write one like 90s, 15m, 6h, 8d or 2w'),
        ("MODEL_CONTAMINATION", "0.9", '"0.9" is too much, it must be 0.5 or less'),
        ("MODEL_CONTAMINATION", "much", '"much" is neither a number nor auto'),
        ("STORE_MAX_GB", "inf", '"inf" is not a number'),
        ("ALERT_SCORE_THRESHOLD", "nan", '"nan" is not a number'),
        ("LOG_FORMAT", "xml", '"xml" is not known, it may be console, json'),
        ("READ_PLANS", "maybe", '"maybe" is neither true nor false'),
        ("TELEGRAM_API_URL", "api.example", "it must begin with http:// or https://, followed by a host"),
        ("HEARTBEAT_URL", "hunter2", "it must begin with http:// or https://, followed by a host"),
        ("NOTIFY_URLS", "slack://a/b hunter2", "write addresses such as slack://… with blanks between"),
    ],
)
def test_what_is_wrong_is_said_in_plain_words_and_once(name, value, said, monkeypatch):
    monkeypatch.setenv(name, value)
    with pytest.raises(errors.BadSettings) as refused:
        settings.load()
    assert f": {name}: {said}. Correct them" in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_what_is_given_alone_knows_no_environment(monkeypatch, own_folder):
    monkeypatch.setenv("ALERT_MIN_SHARE", "0.5")
    (own_folder / ".env").write_text("ALERT_MIN_MS_PER_S=7\n")

    chosen = settings.alone({"drift_signif_rows": "9"})

    assert (chosen.alert_min_share, chosen.alert_min_ms_per_s, chosen.drift_signif_rows) == (0.003, 0.5, 9.0)
    with pytest.raises(errors.BadSettings):
        settings.alone({"alert_min_share": "much"})


def test_a_file_in_the_home_folder(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("MODEL_FILE", "~/model")
    assert str(settings.load().model_file) == "/home/me/model"


def test_contamination_may_be_left_to_the_forest(monkeypatch):
    monkeypatch.setenv("MODEL_CONTAMINATION", "auto")
    assert settings.model(settings.load()).contamination == "auto"


def test_secrets_do_not_show():
    chosen = Settings(db_password="hunter2", telegram_bot_token="12345:abc", targets="a=postgresql://u:pw@h/d")
    assert not any(secret in repr(chosen) for secret in ("hunter2", "12345:abc", "pw@h"))


def test_several_targets_have_names_or_get_them():
    listed = "orders=postgresql://u@db1/orders postgresql://u@db2:5433/shop\npostgresql://u@localhost/here"
    names = [target.name for target in settings.targets(Settings(targets=listed))]
    assert names == ["orders", "shop@db2:5433", "here"]


def test_a_name_twice_or_an_entry_that_is_no_address_is_refused():
    with pytest.raises(errors.TargetNamedTwice):
        settings.targets(Settings(targets="a=postgresql://u@h1/d a=postgresql://u@h2/d"))
    with pytest.raises(errors.BadTargets):
        settings.targets(Settings(targets="postgresql://u@h1/d h2:5432"))


def test_the_store_is_the_watched_database_unless_told_otherwise():
    here = Settings(db_host="db1", db_name="shop", db_username="me")
    assert settings.store(here) == settings.targets(here)[0].conninfo

    elsewhere = Settings(db_host="db1", db_name="shop", store_url="postgresql://me@db9/store")
    assert settings.store(elsewhere).host == "db9"

    with pytest.raises(errors.NoStore):
        settings.store(Settings(targets="a=postgresql://u@h1/d"))


def test_a_password_may_lie_in_a_file(own_folder):
    (own_folder / "pw").write_text("hunter2\n")
    password = settings.targets(Settings(db_host="h", db_password_file=own_folder / "pw"))[0].conninfo.password
    assert password is not None
    assert password.reveal() == "hunter2"

    with pytest.raises(errors.PasswordFileUnreadable):
        settings.targets(Settings(db_host="h", db_password_file=own_folder / "nowhere"))


def test_a_server_without_a_name_is_called_by_database_and_host():
    assert called(Conninfo(host="db1", dbname="shop")) == "shop@db1"
    assert called(Conninfo(host="/run/postgresql", dbname="shop")) == "shop"
