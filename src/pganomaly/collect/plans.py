"""
Generic plans of statements, for whoever has opted in: they need the right to read the tables.

in    a visit, statements
out   Plans by statement, how two of them differ in words
not   nothing is executed: EXPLAIN without ANALYZE plans only; a SELECT and nothing else, never on a table that
      somebody holds; a text that does not parse has no plan

Planning may call functions that a statement names and that are declared IMMUTABLE or STABLE, to estimate how many rows
there will be; the transaction is read-only.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

import psycopg

from pganomaly.collect.evidence_tables import DEFAULT_PATH, held, resolve, search_path
from pganomaly.collect.evidence_visit import Visit
from pganomaly.collect.questions import Asked
from pganomaly.messages import _
from pganomaly.records import Key
from pganomaly.records.evidence import Plan, PlanChange, Said, Why
from pganomaly.records.shape import Shape

GENERIC_FROM = 160_000
"""The server's version that can plan a statement without its parameters."""
TIMEOUT_MS = 200
LONGEST_TEXT = 20_000
MOST_STEPS = 3
TELLING = 1.5
"""From so many times the cost on, it is worth a sentence."""

_EXPLAIN = "EXPLAIN /* pganomaly */ (GENERIC_PLAN, FORMAT JSON) "
_SHAPE = ("Node Type", "Schema", "Relation Name", "Index Name", "Join Type", "Strategy", "Partial Mode", "Command",
          "Parent Relationship", "CTE Name", "Function Name")  # fmt: skip


def read(here: Visit, asked: Sequence[Asked], *, at: datetime, most: int) -> dict[Key, Plan] | None:
    """Return the plans that can be had, of *most* statements; None, and a note, where there are none to be had."""
    if here.version < GENERIC_FROM:
        here.lacks("plans", Why.VERSION)
        return None
    found: dict[Key, Plan] = {}
    whys: list[Why] = []
    for each in [a for a in asked if a.shape is not None and may_be_planned(a.shape)][:most]:
        try:
            plan = _plan(here, each, at)
        except psycopg.errors.InsufficientPrivilege:
            whys.append(Why.PRIVILEGE)
        except (psycopg.errors.LockNotAvailable, psycopg.errors.QueryCanceled):
            whys.append(Why.LOCKED)
        except psycopg.Error:  # a text that does not parse, a parameter whose type cannot be told, a table that is gone
            whys.append(Why.FAILED)
        else:
            found |= {each.key: plan} if plan is not None else {}
    if whys and not found:
        here.lacks("plans", whys[0])
        return None
    return found


def may_be_planned(shape: Shape) -> bool:
    """Return whether a text is one SELECT that neither writes nor locks anything."""
    text = shape.redacted
    only = shape.verb == "SELECT" and not (shape.lexical.has_write or shape.lexical.has_ddl)
    quiet = " for " not in f" {shape.normalised} " and " into " not in shape.normalised
    return only and quiet and bool(shape.tables) and ";" not in text and len(text) <= LONGEST_TEXT


def changes(was: Mapping[str, Plan], now: Mapping[Key, Plan] | None) -> tuple[PlanChange, ...] | None:
    """Return each statement's plan beside the last known one."""
    if now is None:
        return None
    known = {key: was.get(name(key)) for key in now}
    return tuple(PlanChange(key, plan, known[key], difference(known[key], plan)) for key, plan in now.items())


def name(key: Key) -> str:
    """Return a statement's name among stored plans."""
    return "/".join(map(str, map(int, key)))


def difference(was: Plan | None, now: Plan) -> tuple[Said, ...]:
    """Return in words how two plans differ; nothing where their trees are the same."""
    if was is None or was.digest == now.digest:
        return ()
    gone, new = (
        list((Counter(a) - Counter(b)).elements()) for a, b in ((was.steps, now.steps), (now.steps, was.steps))
    )
    said = [Said(_("the plan has other steps than before"), {})]
    if gone and new:
        said = [Said(_("the plan now has {new}, it had {gone}"), {"new": _some(new), "gone": _some(gone)})]
    elif gone or new:
        text = _("the plan has lost {steps}") if gone else _("the plan has in addition {steps}")
        said = [Said(text, {"steps": _some(gone or new)})]
    if was.cost > 0 and not 1 / TELLING < now.cost / was.cost < TELLING:
        facts = {"was": f"{was.cost:.0f}", "now": f"{now.cost:.0f}"}
        said.append(Said(_("the planner's cost of it was {was}, now it is {now}"), facts))
    return tuple(said)


def plan_of(explained: Any, at: datetime) -> Plan:
    """Return the Plan in what EXPLAIN (FORMAT JSON) answers."""
    root = (json.loads(explained) if isinstance(explained, str) else explained)[0]["Plan"]
    tree = json.dumps(_tree(root), sort_keys=True)
    return Plan(
        digest=sha256(tree.encode()).hexdigest()[:16],
        steps=tuple(_steps(root)),
        cost=float(root.get("Total Cost", 0.0)),
        rows=float(root.get("Plan Rows", 0.0)),
        at=at,
    )


def _plan(here: Visit, asked: Asked, at: datetime) -> Plan | None:
    assert asked.shape is not None  # noqa: S101 - the caller has seen to it
    with here.transaction() as conn:
        tables = resolve(here, asked.shape.tables, role=asked.role)
        if not tables or held(here, tables):
            return None
        path = search_path(here, asked.role).replace('"$user"', asked.role or "")
        conn.execute(
            "SELECT /* pganomaly */ set_config('search_path', %s, true), set_config('statement_timeout', %s, true),"
            " set_config('enable_seqscan', 'on', true), set_config('enable_hashjoin', 'on', true),"
            " set_config('enable_mergejoin', 'on', true)",
            [path.strip(", ") or DEFAULT_PATH, str(TIMEOUT_MS)],
        )
        row = conn.execute((_EXPLAIN + asked.shape.redacted).encode()).fetchone()
    return plan_of(row[0], at) if row is not None else None


def _tree(node: Mapping[str, Any]) -> dict[str, Any]:
    return {key: node[key] for key in _SHAPE if key in node} | {"of": [_tree(child) for child in node.get("Plans", ())]}


def _steps(node: Mapping[str, Any]) -> Iterator[str]:
    kind, using, on = node.get("Node Type", "?"), node.get("Index Name"), node.get("Relation Name")
    yield kind + (f" using {using}" if using else "") + (f" on {on}" if on else "")
    for child in node.get("Plans", ()):
        yield from _steps(child)


def _some(steps: Sequence[str]) -> str:
    more = len(steps) - MOST_STEPS
    return ", ".join(steps[:MOST_STEPS]) + (f" … (+{more})" if more > 0 else "")
