"""Every variable, error, counter and feature has its place, and the place says what the code says."""

import re

import pytest
from tools import env_example, reference

from pganomaly import catalog, collect, errors, settings
from pganomaly.cli.commands import watching
from tests.docs.pages import PAGES, READMES, ROOT, text

VARIABLES = settings.documented()


@pytest.mark.parametrize("name", reference.PAGES)
def test_generated_pages_are_what_the_code_says(name: str):
    assert text(ROOT / name) == reference.PAGES[name](), "run `make docs`"


def test_the_example_of_env_is_what_the_settings_say():
    assert text(env_example.FILE) == env_example.text(), "run `make docs`"


def test_a_copy_of_the_example_sets_nothing(monkeypatch: pytest.MonkeyPatch):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    copied = settings.Settings(_env_file=env_example.FILE)
    assert copied.model_fields_set == set()


def test_chapters_begin_at_variables_that_exist():
    assert set(env_example.CHAPTERS) <= set(VARIABLES)


@pytest.mark.parametrize("readme", READMES, ids=lambda page: page.name)
def test_the_readme_lists_every_variable_with_its_default(readme):
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| (?:`([^`]*)`)? ?\|", text(readme), re.MULTILINE))
    assert rows == {name: default for name, (_, default) in VARIABLES.items()}


@pytest.mark.parametrize("readme", READMES, ids=lambda page: page.name)
def test_the_readme_says_which_variables_have_no_effect_yet(readme):
    chapter = re.search(r"(?ms)^## (?:What is not there yet|Чего пока нет)\n(.*?)^## ", text(readme))
    assert chapter is not None
    named = set(re.findall(r"`([A-Z_]+)`", chapter[1]))
    assert named == {name.upper() for name in watching._NOT_YET}


def test_variables_in_the_pages_exist():
    known = set(VARIABLES) | {"LANG", "NO_COLOR", "PATH", "ARGS", "PYTHON", "WORKERS", "TMPDIR", "PR_SET_PDEATHSIG"}
    named = {name for page in PAGES for name in re.findall(r"`([A-Z]+(?:_[A-Z]+)+)(?:=[^`]*)?`", text(page))}
    sql_words = {"LACKING"}
    assert named - known - sql_words == set()


def test_every_error_is_explained():
    page = text(ROOT / "docs" / "errors.md")

    def kinds(error):
        for kind in error.__subclasses__():
            yield kind
            yield from kinds(kind)

    assert {k.__name__ for k in kinds(errors.PganomalyError) if f"| {k.code} " not in page} == set()


def test_every_code_that_the_doctor_prints_is_explained():
    assert {code for code, *_ in reference._complaints()} <= set(collect.SUBJECTS)


def test_every_counter_and_feature_is_described():
    page = text(ROOT / "docs" / "numbers.md")
    names = (*(c.name for c in catalog.COUNTERS), *(f.name for f in catalog.FEATURES), *catalog.LEXICAL_FEATURES)
    assert {name for name in names if f"| `{name}` |" not in page} == set()
