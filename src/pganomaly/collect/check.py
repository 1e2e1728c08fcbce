"""One thing that the doctor looked at: the fact, what follows from it, and what to do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pganomaly.messages import _

SUBJECTS: Mapping[str, str] = {
    "PGA-001": _("A check of the doctor: whether the extension pg_stat_statements is created in the database."),
    "PGA-002": _("A check of the doctor: whether the server has loaded pg_stat_statements when it started."),
    "PGA-003": _("A check of the doctor: whether our role sees the statements of all roles."),
    "PGA-004": _("A check of the doctor: whether the server counts statements (pg_stat_statements.track)."),
    "PGA-005": _("A check of the doctor: whether the server tells statements apart (compute_query_id)."),
    "PGA-006": _("A check of the doctor: whether the server lets us in."),
    "PGA-008": _("A check of the doctor: whether the server is a standby, which is fine to watch."),
    "PGA-009": _("A check of the doctor: whether the extension is new enough, and the newest that is installed."),
    "PGA-010": _("A check of the doctor: whether a pooler stands between us and the server."),
    "PGA-011": _("A check of the doctor: whether the server's clock agrees with ours."),
    "PGA-012": _("A check of the doctor: how large the store may become."),
    "PGA-013": _("A check of the doctor: since when the server collects statistics."),
    "PGA-014": _("A check of the doctor: whether there is room for all statements, or some are thrown out."),
    "PGA-016": _("A check of the doctor: whether all texts can be read through this database."),
    "PGA-017": _("A check of the doctor: whether our role may use the extension in the schema in which it lies."),
    "PGA-044": _("A check of the doctor: whether the server measures how long it waits for disks (track_io_timing)."),
    "PGA-045": _("A check of the doctor: whether the server's version is still maintained."),
}
"""What each code asks; `pganomaly doctor` prints the answer, and what to do, for a server at hand."""


class CheckState(StrEnum):
    """How a check ended; unknown means that our role may not look."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Check:
    """
    The answer to one question.

    fact, consequence  English sentences with {names}, the keys of their translations; values fills them in
    fix                what to run or to change, as it is; None where there is nothing to mend
    """

    code: str
    name: str
    state: CheckState
    fact: str
    consequence: str | None = None
    fix: str | None = None
    values: Mapping[str, object] = field(default_factory=dict)

    def said(self) -> str:
        """Return fact and consequence in English."""
        return " ".join(sentence.format(**self.values) for sentence in (self.fact, self.consequence) if sentence)


def ok(code: str, name: str, fact: str, **values: object) -> Check:
    """Return the answer that all is well."""
    return Check(code, name, CheckState.OK, fact, values=values)
