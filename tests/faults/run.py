"""
One fault from beginning to end: quiet before it, told once while it lasts, told to be over after it.

in    a Case, and a place with somebody who watches
out   what happened, in windows; nothing is asserted here
"""

from dataclasses import dataclass, field

from pganomaly.records import Evidence, Key, Likely
from tests.faults.cases import DAY_WINDOWS, Case, Signs
from tests.faults.place import Place
from tests.faults.steps import Rows, confirm, has
from tests.faults.watchman import Told, Watchman

STAYS = 3
"""Windows that a fault stays after it was told: there must be no second message."""
CALMS_WITHIN = 30
"""Windows after the end of a fault within which people must be told that it is over."""
CALM = 2
"""Windows in which nothing is told, before it and after it."""


@dataclass(slots=True)
class Outcome:
    """
    What people were told of one fault.

    windows   until it was told, None where it was not; over: until they were told that it ended
    opened    the messages that something is wrong, resolved: that it is over
    before    news in quiet time before
    text      of the last message while the fault lasted; causes: as of then
    signs     what it should show, shown: what its next step did show
    about     whom the first message is about, others: who stands in the incident beside it
    """

    case: Case
    major: int
    before: list[Told] = field(default_factory=list)
    opened: list[Told] = field(default_factory=list)
    resolved: list[Told] = field(default_factory=list)
    windows: int | None = None
    over: int | None = None
    about: str = ""
    others: tuple[str, ...] = ()
    text: str = ""
    causes: tuple[Likely, ...] = ()
    signs: Signs = field(default_factory=Signs)
    evidence: Evidence | None = None
    shown: Rows = field(default_factory=list)
    starved: float = 0.0

    @property
    def right(self) -> bool:
        """Whether the likeliest cause is the one."""
        return bool(self.causes) and self.causes[0].cause in self.case.causes

    @property
    def confirmed(self) -> bool:
        """Whether the next step shows the fault."""
        return has(self.shown, self.signs.row)

    @property
    def untold(self) -> list[str]:
        """Words that the message should have and has not."""
        return [word for word in self.signs.words if word not in self.text]

    @property
    def strangers(self) -> list[str]:
        """Statements that the fault does not touch and that stand in the incident nevertheless."""
        touched = {*self.case.culprits, *self.case.victims}
        return [name for name in (self.about, *self.others) if name and name not in touched]


def play(case: Case, place: Place, watchman: Watchman) -> Outcome:
    """Play one fault and return what people were told."""
    outcome = Outcome(case, place.major)
    began = watchman.window
    watchman.look(CALM)
    watchman.until(lambda: watchman.window > case.after and watchman.window % DAY_WINDOWS in case.at, 3 * DAY_WINDOWS)
    outcome.before = watchman.since(began)
    with case.done(place) as outcome.signs:
        began = watchman.window
        watchman.until(lambda: _opened(watchman, began), case.within)
        watchman.look(STAYS)
        news = [t for t in watchman.since(began) if t.message.kind in ("incident.opened", "incident.updated")]
        if news:
            outcome.text = news[-1].text
            outcome.causes = news[-1].incident.causes
            outcome.evidence = news[-1].evidence
            outcome.shown = confirm(place, news[-1].message)
    ended = watchman.window
    watchman.until(lambda: not watchman.open, CALMS_WITHIN)
    watchman.look(CALM)
    news = watchman.since(began)
    outcome.opened = [t for t in news if t.message.kind == "incident.opened"]
    outcome.resolved = [t for t in news if t.message.kind == "incident.resolved"]
    if outcome.resolved:
        outcome.over = outcome.resolved[-1].window - ended
    if outcome.opened:
        outcome.windows = outcome.opened[0].window - began
        _name(outcome, watchman)
    outcome.starved = max(watchman.starved[began:])
    return outcome


def _opened(watchman: Watchman, began: int) -> list[Told]:
    return [told for told in watchman.since(began) if told.message.kind == "incident.opened"]


def _name(outcome: Outcome, watchman: Watchman) -> None:
    """Fill in who the first incident was about, as it was known at its end."""
    first = outcome.opened[0].incident
    last = next((t.incident for t in outcome.resolved if t.incident.incident_id == first.incident_id), first)
    outcome.about = watchman.name(first.key)
    others: list[Key] = [m.key for m in last.members if m.key != first.key]
    outcome.others = tuple(watchman.name(key) for key in others)
