"""What a service does with a store, in few words: one tick per snapshot."""

from dataclasses import dataclass

from pganomaly import deltas, features
from pganomaly.records import Outsiders, Shapes, Snapshot, Window
from pganomaly.storage import Lease, Store, Stored


@dataclass
class Keeper:
    """Remembers the last snapshot and its reference, as the service does."""

    store: Store
    lease: Lease
    newest: Snapshot | None = None
    reference: Snapshot | None = None

    def collect(self, snapshot: Snapshot) -> Stored:
        """Store a snapshot only, as collector.py does."""
        with self.store.tick(self.lease) as work:
            stored = work.snapshot(
                snapshot,
                newest=self.newest,
                moved=deltas.moved(self.newest, snapshot),
                reference=deltas.reference(self.reference, snapshot),
            )
        self._remember(snapshot)
        return stored

    def tick(self, snapshot: Snapshot) -> Window | None:
        """Store a snapshot and the window that it closes, as the service does."""
        window = deltas.between(self.reference, snapshot) if self.reference else None
        with self.store.tick(self.lease) as work:
            work.snapshot(
                snapshot,
                newest=self.newest,
                moved=deltas.moved(self.newest, snapshot),
                reference=deltas.reference(self.reference, snapshot),
            )
            if window is not None:
                work.window(window, features.build(window, Shapes(), Outsiders()))
        self._remember(snapshot)
        return window

    def _remember(self, snapshot: Snapshot) -> None:
        self.reference = deltas.reference(self.reference, snapshot)
        self.newest = snapshot
