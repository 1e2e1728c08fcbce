"""The whole story, short: a server, a shop, one fault, found by what people are told."""

import io
import json

import pytest
from rich.console import Console

from pganomaly.demo import stage
from pganomaly.demo.mischief import Burst, IndexDropped
from pganomaly.demo.script import Script
from pganomaly.messages import speaker


def test_a_dropped_index_is_found_on_the_statement_that_misses_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = stage.play(
        Console(file=io.StringIO()), speaker("en"), once=True, as_json=True,
        script=Script(interval_s=0.5, learn=20, shown=0, calm=0), acts=[IndexDropped()],
    )  # fmt: skip

    out, err = capsys.readouterr()
    (fault,) = json.loads(out)
    assert (code, fault["fault"], fault["found"]) == (0, "index_dropped", True)
    assert "FROM orders" in fault["query"]
    assert "index order_customer_id is gone" in fault["what"]
    assert fault["injected_at"] < fault["found_at"]
    assert "✓ index_dropped: found after" in err


def test_what_is_not_found_is_said_and_fails(capsys: pytest.CaptureFixture[str]) -> None:
    """Too little was learned to judge how often anything is called."""
    code = stage.play(
        Console(file=io.StringIO()), speaker("ru"), once=True, as_json=True,
        script=Script(interval_s=0.3, learn=2, shown=0, patience=3, calm=0), acts=[Burst()],
    )  # fmt: skip

    out, err = capsys.readouterr()
    (fault,) = json.loads(out)
    assert (code, fault["found"], fault["found_at"], fault["query"]) == (1, False, None, None)
    assert "✗ burst" in err
