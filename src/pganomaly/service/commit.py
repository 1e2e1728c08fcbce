"""One tick on its way into the store: all of it in one transaction, or nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pganomaly.pipeline import Memory, Verdict
from pganomaly.records import Message
from pganomaly.storage import DetectorState, Lease, Store


@dataclass(frozen=True, slots=True)
class Commit:
    """
    A tick that is judged and not yet stored.

    before      what was remembered before it
    messages    what people are to be told; empty once they were told past a store that is down
    cost_ms     what reading and judging took
    """

    before: Memory
    verdict: Verdict
    model_version: str
    messages: tuple[Message, ...]
    at: datetime
    cost_ms: dict[str, float]
    checkpoint: bytes | None = None

    def told(self) -> "Commit":
        """Return the same without its messages: people have them by other means."""
        return replace(self, messages=())


def write(
    store: Store,
    lease: Lease,
    commit: Commit,
    *,
    channels: Sequence[str],
    seen: DetectorState | None,
    was_reset: bool = False,
) -> DetectorState | None:
    """
    Store one tick and return the detector's state after it; errors.StoreError where that failed.

    Return None where somebody has reset the detector, before (*was_reset*) or since *seen*: then the watermark stays
    where they put it.
    """
    verdict, after = commit.verdict, commit.verdict.memory
    with store.tick(lease) as work:
        work.snapshot(
            verdict.snapshot,
            newest=commit.before.snapshot,
            moved=verdict.moved,
            reference=after.reference,
            shapes=verdict.shapes,
            cost=commit.cost_ms,
        )
        if verdict.window is not None:
            work.window(verdict.window, verdict.matrix)
        if verdict.shapes or verdict.unread:
            at = verdict.snapshot.taken_at
            work.queries(verdict.shapes, at=at, unread=verdict.unread, databases=after.databases, roles=after.roles)
            work.lexical(verdict.shapes, at=at)
        work.findings(commit.model_version, verdict.findings)
        work.changes(verdict.changes)
        work.outbox(commit.messages, channels, at=commit.at)
        state = None if was_reset else seen
        if verdict.window is not None and not was_reset:
            state = work.state(verdict.window.end, verdict.drift.streak.bad_runs, seen=seen)
        if verdict.window is not None and commit.checkpoint is not None:
            work.checkpoint(verdict.window.end, commit.checkpoint)
    return state
