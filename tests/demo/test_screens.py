"""The same scenes on a terminal and in a pipe."""

import io
from datetime import UTC, datetime, timedelta

from rich.console import Console

from pganomaly.demo.scene import Case, Scene, Traffic
from pganomaly.demo.screens import screen
from pganomaly.messages import speaker

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
CASE = Case("SELECT … FROM orders", "each call takes 2.9 ms, usually 0.09 ms (×33)", NOON)


def scene(second: int, **seen: object) -> Scene:
    known = {"learned": None, "mischief": None, "cases": (), "lines": ()} | seen
    return Scene(NOON + timedelta(seconds=second), Traffic(260.0, 49, 92.0), **known)  # type: ignore[arg-type]


def played(*, terminal: bool, language: str = "en", scenes: list[Scene]) -> str:
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=100, no_color=not terminal, highlight=False)
    with screen(console, speaker(language)) as shown:
        for each in scenes:
            shown.show(each)
    return out.getvalue()


def test_plain_text_says_every_line_once_and_learning_now_and_then():
    learning = [scene(second, learned=(second, 30)) for second in range(1, 21)]
    text = played(terminal=False, scenes=[*learning, scene(21, cases=(CASE,), lines=("FOUND",))])

    assert text.splitlines() == [
        "12:00:10  Learning what is normal here: 10 of 30 windows. "
        "The shop: 260 calls a second of 49 statements, 92 ms of work in each.",
        "12:00:20  Learning what is normal here: 20 of 30 windows. "
        "The shop: 260 calls a second of 49 statements, 92 ms of work in each.",
        "12:00:21  FOUND",
    ]
    assert "\x1b" not in text


def test_a_terminal_shows_which_query_misbehaves_how_much_and_since_when():
    text = played(terminal=True, scenes=[scene(3, mischief="an index is dropped", cases=(CASE,))])

    for part in ("Mischief: an index is dropped", CASE.query, CASE.what, "12:00:00", "for 3 s"):
        assert part in text


def test_a_terminal_keeps_what_was_said_when_the_table_is_gone():
    text = played(terminal=True, scenes=[scene(1, lines=("FOUND after 2 s",)), *(scene(n) for n in range(2, 9))])

    assert "12:00:01  FOUND after 2 s" in text.splitlines()[-1]


def test_square_brackets_are_text():
    assert "[bold]ANY ($1::int[])" in played(terminal=False, scenes=[scene(1, lines=("[bold]ANY ($1::int[])",))])
