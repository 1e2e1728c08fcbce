"""
What is wrong with what a user has set, in words for people.

in    what pydantic found
out   one errors.Complaint a variable: what was given, unless it may be a secret, and what would do
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from pganomaly.errors import Complaint, Complaints
from pganomaly.messages import _

_SAYS = {
    "int_parsing": _("{given} is not a whole number"),
    "int_from_float": _("{given} is not a whole number"),
    "float_parsing": _("{given} is not a number"),
    "finite_number": _("{given} is not a number"),
    "bool_parsing": _("{given} is neither true nor false"),
    "greater_than": _("{given} is too little, it must be more than {gt:g}"),
    "greater_than_equal": _("{given} is too little, it must be {ge:g} or more"),
    "less_than": _("{given} is too much, it must be less than {lt:g}"),
    "less_than_equal": _("{given} is too much, it must be {le:g} or less"),
    "literal_error": _("{given} is not known, it may be {choices}"),
}
_NUMBER_OR_WORD = _("{given} is neither a number nor {choices}")

_LONGEST = 40


def complaints(error: ValidationError, *, secret: frozenset[str]) -> Complaints:
    """Return what *error* found; the values of *secret* variables (lower case) are not shown."""
    found: dict[str, list[Any]] = {}
    for each in error.errors(include_url=False):
        found.setdefault(str(each["loc"][0]), []).append(each)
    return Complaints(_complaints(found, secret))


def given(text: object) -> str:
    """Return a value as it is quoted to whoever has written it."""
    shown = str(text)
    return f'"{shown if len(shown) <= _LONGEST else shown[:_LONGEST] + "…"}"'


def _complaints(found: Mapping[str, Sequence[Any]], secret: frozenset[str]) -> Iterator[Complaint]:
    for variable, wrong in found.items():
        name, first = variable.upper(), wrong[0]
        facts = {"given": given(first["input"]), "choices": _choices(wrong), **first.get("ctx", {})}
        if isinstance(reason := facts.get("error"), ValueError):
            yield Complaint(name, str(reason), {"given": "" if variable in secret else facts["given"]})
        elif len(wrong) > 1 and first["type"] == "float_parsing":
            yield Complaint(name, _NUMBER_OR_WORD, facts)
        elif variable not in secret and first["type"] in _SAYS:
            yield Complaint(name, _SAYS[first["type"]], facts)
        else:
            yield Complaint(name, "{said}", {"said": first["msg"]})


def _choices(wrong: Sequence[Any]) -> str:
    """Return the words that a variable may be: `none, pgbench`."""
    expected = next((each["ctx"]["expected"] for each in wrong if each["type"] == "literal_error"), "")
    return str(expected).replace("'", "").replace(" or ", ", ")
