"""After a reset of the detector: stored windows are scored again, in the spare time between ticks, telling nobody."""

from pganomaly.detectors import Forest
from pganomaly.pipeline import Judgement, Rules
from pganomaly.service import detecting, restore
from pganomaly.storage import DetectorState, Lease, Store


class Rescoring:
    """
    Works its way from the oldest stored window to the newest.

    seen  the detector's state when the last step began
    """

    def __init__(self, store: Store, lease: Lease, rules: Rules, *, version: str, limit_rows: int) -> None:
        self._store = store
        self._lease = lease
        self._rules = rules
        self._version = version
        self._limit_rows = limit_rows
        self._known = restore.texts(store, lease.instance_id)
        self.judgement = Judgement.empty(rules)
        self.seen: DetectorState | None = None

    def step(self, model: Forest) -> bool:
        """Score a batch; return whether there may be more."""
        state = self.seen = self._store.state(self._lease.instance_id)
        if state is not None and state.last_window_end is None:
            self.judgement = Judgement.empty(self._rules)
        run = detecting.run(
            self.judgement,
            self._store.pending_detection(self._lease.instance_id, limit_rows=self._limit_rows),
            shapes=self._known.shapes,
            outsiders=self._known.outsiders,
            model=model,
            rules=self._rules,
        )
        if run.upto is None:
            return False
        with self._store.tick(self._lease) as work:
            work.findings(self._version, run.findings)
            if work.state(run.upto, 0, seen=state):
                self.judgement = run.judgement
        return True
