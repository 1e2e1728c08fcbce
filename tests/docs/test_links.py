"""Links lead somewhere, and nobody is sent elsewhere than meant."""

import re
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT, text

_LINK = re.compile(r"\[[^\]]*\]\((?P<to>[^)\s]+)\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path):
    targets = [found["to"].partition("#")[0] for found in _LINK.finditer(text(page))]
    assert [to for to in targets if to and "://" not in to and not (page.parent / to).exists()] == []


def test_every_page_of_the_design_is_in_its_index():
    folder = ROOT / "docs" / "design"
    index = text(folder / "README.md")
    pages = {page.name for page in folder.glob("*.md")} - {"README.md"}
    assert {name for name in pages if f"({name})" not in index} == set()
