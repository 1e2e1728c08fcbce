"""
Writes the reference pages out of the code: docs/errors.md, docs/numbers.md, and the table of variables in README.md.

    python tools/reference.py           write them
    python tools/reference.py --check   change nothing; exit 1 where one is not what the code says
"""

import argparse
import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from pganomaly import catalog, collect, errors, settings
from pganomaly.catalog import CounterKind
from tools.env_example import CHAPTERS

ROOT = Path(__file__).resolve().parent.parent
CHECKS = tuple(ROOT / "src/pganomaly/collect" / name for name in ("essentials.py", "comforts.py"))
BEGIN, END = "<!-- variables: written by tools/reference.py -->", "<!-- end of variables -->"

_WRITTEN = "<!-- Written by tools/reference.py out of the code; a test compares them. -->"

LEXICAL = {
    "query_len_chars": "characters of the redacted text",
    "query_len_norm_chars": "characters of the normalised text",
    "num_tokens": "words, names, operators, parameters",
    "num_joins": "joins, written out or as a comma between relations",
    "num_where": "WHERE",
    "num_group_by": "GROUP BY",
    "num_order_by": "ORDER BY",
    "num_having": "HAVING",
    "num_union": "UNION, INTERSECT, EXCEPT",
    "num_subqueries": "SELECT inside brackets",
    "num_cte": "queries defined by WITH",
    "has_write": "writes rows",
    "has_ddl": "changes the schema",
    "has_tx": "steers a transaction",
    "num_case": "CASE",
    "num_functions": "function calls",
}


def errors_page() -> str:
    """Return docs/errors.md."""
    lines = [
        "# Errors",
        "",
        _WRITTEN,
        "",
        "Every message begins with a code. `pganomaly help CODE` explains it, in English or (`--lang ru`) in Russian.",
        "Words in {braces} are filled in with what was met. Exit codes: 0 done, anomalies or not; 1 a problem found; ",
        "2 usage or settings; 3 cannot connect; 4 the store.",
        "",
        "## Errors of commands and of the service",
        "",
        "| code | exit code | name | message |",
        "|---|---|---|---|",
    ]
    told = sorted(set(_told(errors.PganomalyError)), key=lambda kind: (kind.code, kind.__name__))
    lines += [f"| {kind.code} | {kind.exit_code} | {kind.__name__} | {_cell(kind.template())} |" for kind in told]
    lines += [
        "",
        "## Checks of `pganomaly doctor`",
        "",
        "`doctor` exits with 1 where one is a problem; a warning changes how good the numbers are, not whether there",
        "are any. What mends it is printed as a statement made for the server at hand.",
        "",
        "| code | asks | problem or warning | what it means |",
        "|---|---|---|---|",
    ]
    complaints = list(_complaints())
    for code, subject in collect.SUBJECTS.items():
        asks = subject.partition(": ")[2]
        found = [(state, fact, means) for c, state, fact, means in complaints if c == code] or [("", "never", "")]
        lines += [
            f"| {code} | {_cell(asks)} | {state}: {_cell(fact)} | {_cell(means)} |" if state else
            f"| {code} | {_cell(asks)} | – | |"
            for state, fact, means in found
        ]  # fmt: skip
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _told(error: type[errors.PganomalyError]) -> Iterator[type[errors.PganomalyError]]:
    for kind in error.__subclasses__():
        yield kind
        yield from _told(kind)


def _complaints() -> Iterator[tuple[str, str, str, str]]:
    """Yield code, state, fact and consequence of every answer of the doctor that is not "all is well"."""
    for file in CHECKS:
        for function in ast.parse(file.read_text(encoding="utf-8")).body:
            facts: dict[str, list[str]] = {}
            for node in ast.walk(function):
                if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                    facts.setdefault(node.targets[0].id, []).extend(_sentences(node.value))
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Check":
                    code, _, state, fact, *rest = node.args
                    said = _sentences(fact) or facts.get(getattr(fact, "id", ""), [])
                    means = _sentences(rest[0]) if rest else []
                    yield ast.literal_eval(code), state.attr.lower(), " / ".join(said), "".join(means)  # type: ignore[attr-defined]


def _sentences(node: ast.expr) -> list[str]:
    """Return what stands in _("...")."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_":
        return [ast.literal_eval(node.args[0])]
    return []


def numbers_page() -> str:
    """Return docs/numbers.md."""
    lines = [
        "# Counters and features",
        "",
        _WRITTEN,
        "",
        "Missing is NULL, never 0: an older extension without a counter, a ratio whose denominator is 0.",
        "How to add one: [how-to.md](design/how-to.md).",
        "",
        "## Counters",
        "",
        "Read from `pg_stat_statements` once per snapshot, stored in `monitoring.pgss_snapshots_raw` under the same",
        "name; what grows has its delta in `monitoring.pgss_deltas` as NAME`_delta`. Of several sources the first is",
        "taken whose columns the server's extension has.",
        "",
        "| counter | unit | read from | is the |",
        "|---|---|---|---|",
    ]
    for c in catalog.COUNTERS:
        sources = ", else ".join(" + ".join(f"`{part}`" for part in source) for source in c.sources)
        gauge = " (a state, no delta)" if c.kind is CounterKind.GAUGE else ""
        lines.append(f"| `{c.name}` | {c.unit} | {sources} | {c.says}{gauge} |")
    lines += [
        "",
        "`exec_m2_delta` (ms^2) is not read but recovered from calls, total and stddev of two snapshots: the squared",
        "deviations of the window's execution times around their own mean.",
        "",
        "## Features of a window",
        "",
        "Columns of `monitoring.features_windows`; `scale` says whether values are compared by ratio or by difference.",
        "",
        "| feature | unit | formula | scale |",
        "|---|---|---|---|",
    ]
    lines += [f"| `{f.name}` | {f.unit} | `{_cell(f.formula_text)}` | {f.scale} |" for f in catalog.FEATURES]
    lines += [
        "",
        "## Lexical features of a text",
        "",
        "Columns of `monitoring.query_lex_features`, counted by pganomaly's own lexer.",
        "",
        "| feature | counts |",
        "|---|---|",
    ]
    lines += [f"| `{name}` | {LEXICAL[name]} |" for name in catalog.LEXICAL_FEATURES]
    return "\n".join(lines) + "\n"


def variables() -> str:
    """Return the table of variables in README.md, with the marks around it."""
    lines = [BEGIN, ""]
    for name, (sentence, default) in settings.documented().items():
        if name in CHAPTERS:
            lines += ([""] if len(lines) > len((BEGIN, "")) else []) + [f"**{CHAPTERS[name].rstrip('.')}**", ""]
            lines += ["| variable | default | |", "|---|---|---|"]
        lines.append(f"| `{name}` | {f'`{default}`' if default else ''} | {_cell(sentence)} |")
    return "\n".join([*lines, "", END])


def readme() -> str:
    """Return README.md with the table of variables as the settings say."""
    before, _, rest = (ROOT / "README.md").read_text(encoding="utf-8").partition(BEGIN)
    return before + variables() + rest.partition(END)[2] if rest else before


PAGES = {"docs/errors.md": errors_page, "docs/numbers.md": numbers_page, "README.md": readme}


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def main() -> int:
    """Write the pages, or check that this was done."""
    parser = argparse.ArgumentParser(description="Write the reference pages out of the code.")
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 where a page is not up to date")
    check, wrong = parser.parse_args().check, 0
    for name, page in PAGES.items():
        file = ROOT / name
        if not check:
            file.write_text(page(), encoding="utf-8")
        elif not file.exists() or file.read_text(encoding="utf-8") != page():
            print(f"{name} is not what the code says: run `python tools/reference.py`.")  # noqa: T201
            wrong = 1
    return wrong


if __name__ == "__main__":
    sys.exit(main())
