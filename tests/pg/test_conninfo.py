"""Connection strings: read strictly, printed never."""

from urllib.parse import quote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict

from pganomaly import errors, pg

WORDS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=20)
SECRET = "sEcr3tTail"


@given(user=WORDS, password=WORDS, dbname=WORDS)
def test_what_is_percent_encoded_arrives_as_it_was(user: str, password: str, dbname: str) -> None:
    url = f"postgresql://{quote(user, '')}:{quote(password, '')}@db1:5433/{quote(dbname, '')}?sslmode=verify-full"
    assert pg.Conninfo.parse(url) == pg.Conninfo("db1", 5433, dbname, user, pg.Secret(password), sslmode="verify-full")


@given(password=WORDS)
def test_a_raw_password_is_understood_as_libpq_does_or_refused_without_a_word_of_it(password: str) -> None:
    url = f"postgresql://app:{SECRET}{password}{SECRET}@db1:5433/shop"
    ours = refused = None
    try:
        ours = pg.Conninfo.from_url(url)
    except errors.BadConninfo as error:
        refused = f"{error} {error!r}"
    if ours is None:
        assert SECRET not in str(refused)
    else:
        assert ours.keywords() == {**conninfo_to_dict(url), "port": 5433}


@given(values=st.dictionaries(st.sampled_from(["host", "dbname", "user", "password", "sslcert"]), WORDS, min_size=1))
def test_keywords_are_understood_as_libpq_does(values: dict[str, str]) -> None:
    assume("," not in values.get("host", ""))
    text = " ".join(
        f"{name} = '" + value.replace("\\", "\\\\").replace("'", "\\'") + "'" for name, value in values.items()
    )
    assert pg.Conninfo.parse(text).keywords() == conninfo_to_dict(text)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (f"postgresql://app:p@{SECRET}@db1/shop", errors.UnencodedCharacter),
        (f"postgresql://app:p/{SECRET}@db1/shop", errors.UnencodedCharacter),
        (f"postgresql://app:p?{SECRET}@db1/shop", errors.UnencodedCharacter),
        (f"postgresql://app:p?{SECRET}=x@db1/shop", errors.UnencodedCharacter),
        (f"postgresql://app:p%{SECRET}@db1/shop", errors.UnencodedCharacter),
        (f"postgresql://app:p%D1{SECRET}@db1/shop", errors.UnencodedCharacter),
        (f"postgresql://app:p {SECRET}@db1/shop", errors.UnencodedCharacter),
        (f"postgresql://app:{SECRET}", errors.BadPort),
        ("postgresql://app@db1:99999/shop", errors.BadPort),
        (f"app:{SECRET}@db1/shop", errors.ConninfoNotUnderstood),
        (f"app:p={SECRET}@db1/shop", errors.BadKeywords),
        (f"mysql://app:{SECRET}@db1/shop", errors.ConninfoNotUnderstood),
        ("", errors.ConninfoNotUnderstood),
        (f"host=db1 password=my {SECRET}", errors.BadKeywords),
        (f"host=db1 pass={SECRET}", errors.UnknownConninfoParameter),
        (f"postgresql://db1/shop?user=app&password=a&{SECRET}=b", errors.UnknownConninfoParameter),
        ("postgresql://db1,db2/shop", errors.SeveralHosts),
        ("host=db1,db2 dbname=shop", errors.SeveralHosts),
    ],
)
def test_a_malformed_string_is_refused_with_advice_and_quoted_nowhere(
    text: str, error: type[errors.BadConninfo]
) -> None:
    with pytest.raises(error) as caught:
        pg.Conninfo.parse(text)
    assert SECRET not in str(caught.value)
    assert caught.value.exit_code == 2


def test_sockets_addresses_and_what_is_left_out() -> None:
    assert pg.Conninfo.parse("postgresql:///shop?host=%2Frun%2Fpg").host == "/run/pg"
    assert pg.Conninfo.parse("postgres://app@[::1]:5433").server == "[::1]:5433"
    assert pg.Conninfo.parse("postgresql://").keywords() == {}


def test_what_the_environment_says_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "/run/elsewhere")
    monkeypatch.setenv("PGPORT", "6000")
    assert pg.Conninfo(dbname="shop").server == "/run/elsewhere (port 6000)"
    assert pg.Conninfo(host="db1", port=5433).server == "db1:5433"


def test_secrets_do_not_show() -> None:
    conninfo = pg.Conninfo.parse(f"host=db1 password={SECRET} sslpassword={SECRET}")
    assert SECRET not in f"{conninfo} {conninfo!r} {conninfo.server} {conninfo.with_dbname('x')!r} {conninfo.password}"
    assert conninfo.keywords()["sslpassword"] == SECRET
