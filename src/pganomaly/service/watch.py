"""Ticks, as long as the lease is ours: read, judge, store, tell; and in between what else there is to do."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from threading import Event
from typing import Any

from pganomaly import errors, pipeline, selftest
from pganomaly.collect import Session, Target
from pganomaly.messages import sentences
from pganomaly.messages.trouble import Trouble
from pganomaly.pipeline import Memory, Verdict
from pganomaly.records import Evidence, Message
from pganomaly.service import restore, selftests, stages
from pganomaly.service.commit import Commit
from pganomaly.service.learner import Learner, Trained
from pganomaly.service.ledger import Ledger
from pganomaly.service.newsroom import Newsroom
from pganomaly.service.observer import Observer
from pganomaly.service.parts import Parts
from pganomaly.service.plan import CHECKPOINT_S, UPKEEP_S, sample_every_s
from pganomaly.service.rescoring import Rescoring
from pganomaly.service.schedule import Schedule, wait_looking
from pganomaly.service.witness import Witness, patience_s
from pganomaly.storage import Lease

SPARE_BEFORE_TICK_S = 0.5
"""Nothing is begun in the spare time that may run into the next tick."""


class Watch:
    """One server while we hold its lease. What is remembered comes out of the store, and goes back into it."""

    def __init__(self, target: Target, session: Session, lease: Lease, news: Newsroom, parts: Parts, log: Any) -> None:
        self._target = target
        self._parts = parts
        self._news = news
        self._log = log
        self._id = lease.instance_id
        self._lease = lease
        self._catch_up()
        rules = parts.rules(self._id)
        memory, known = restore.memory(parts.store, self._id, rules)
        self._observer = Observer(session, rules, parts.clock, memory=memory, known=known.read_before())
        self._witness = Witness(
            target,
            parts.inquiries,
            parts.clock,
            references=parts.store.references(self._id),
            plans=parts.read_plans,
            keep=lambda references: parts.store.put_references(self._id, references),
        )
        self._ledger = Ledger(parts.store, lease, parts.channels, parts.store.state(self._id))
        self._number = -1
        self._refresh_model()
        self._learner = Learner(self._train, parts.trainings, parts.clock, parts.plan, trained_ago_s=self._age_s())
        tested = self._tested_at()
        self._nights = selftests.Nights(self._self_test, parts.trainings, parts.clock, last=tested)
        self._rescoring: Rescoring | None = None
        self._ledger.was_reset = self._left_reset()
        self._drifted = False
        self._last: Verdict | None = None
        self._checkpoint_s = self._upkeep_s = float("-inf")

    def run(self, stop: Event) -> None:
        """Tick until *stop* is set; errors.LeaseLost where somebody else watches now."""
        clock = self._parts.clock
        schedule = Schedule(clock.monotonic_s(), self._interval_s)
        due_s = schedule.start_s
        while not wait_looking(clock, due_s, stop, self._sample, every_s=sample_every_s(self._interval_s)):
            self._tick()
            if schedule.interval_s != self._interval_s:
                schedule = Schedule(clock.monotonic_s(), self._interval_s)
            due_s = schedule.next_after(clock.monotonic_s())
            self._spare_time(due_s, stop)

    @property
    def _interval_s(self) -> float:
        """Seconds between ticks now: shorter during the baseline, while there is no model yet."""
        plan = self._parts.plan
        learning = self._number == 0 and self._observer.memory.judgement.windows < plan.baseline_windows
        return plan.baseline_interval_s if learning else plan.interval_s

    def _sample(self) -> None:
        """See who is at work, for the next reading. A server that cannot be asked now is the next tick's news."""
        try:
            self._observer.session.sample()
        except (errors.ConnectError, errors.TargetError) as error:
            self._log.debug("activity.unreadable", error=str(error))

    def _tick(self) -> None:
        """Do one tick. What cannot be read or judged ends this tick only; what cannot ever be stored ends the watch."""
        began_s = self._parts.clock.monotonic_s()
        try:
            if not self._ledger.full:
                self._read(began_s)
        except Exception:  # noqa: BLE001 - one bad tick never ends the loop; the log has all of it
            self._log.exception("tick.failed")
        self._store()

    def _read(self, began_s: float) -> None:
        before = self._observer.memory
        try:
            verdict = self._observer.tick(self._interval_s)
        except (errors.ConnectError, errors.TargetError) as error:
            self._log.warning("server.unreadable", error=self._parts.speaker.error(error))
            self._news.seen(Trouble.SERVER_UNREACHABLE, error)
            return
        self._news.over(Trouble.SERVER_UNREACHABLE)
        self._last = verdict
        self._ledger.add(self._commit(before, verdict, began_s))
        if verdict.window is not None:
            self._news.window()

    def _commit(self, before: Memory, verdict: Verdict, began_s: float) -> Commit:
        verdict, evidence = self._enlightened(verdict)
        now_s, now = self._parts.clock.monotonic_s(), self._parts.clock.now()
        messages = self._messages(verdict, evidence, now)
        checkpoint = None
        # What the server showed cannot be replayed from windows.
        due = bool(evidence) or now_s - self._checkpoint_s >= CHECKPOINT_S
        if verdict.window is not None and due:
            checkpoint, self._checkpoint_s = restore.saved(verdict.memory.judgement), now_s
        self._drifted = self._drifted or bool(verdict.drift.confirmed)
        self._report(verdict)
        self._report_told(messages)
        version = stages.version_of(self._observer.model, self._parts.model.version)
        cost_ms = {**self._observer.cost_ms, "before_commit": round(1000 * (now_s - began_s), 3)}
        return Commit(before, verdict, version, messages, now, cost_ms, checkpoint)

    def _enlightened(self, verdict: Verdict) -> tuple[Verdict, Mapping[str, Evidence]]:
        """Return what the server shows of what is told now, and what that means. People are told without it, too."""
        try:
            evidence = self._witness.evidence(verdict, patience_s(self._interval_s))
            verdict = pipeline.enlightened(verdict, evidence) if evidence else verdict
        except Exception:  # noqa: BLE001 - the log has all of it
            self._log.exception("evidence.failed")
            return verdict, {}
        self._observer.memory = verdict.memory
        return verdict, evidence

    def _messages(self, verdict: Verdict, evidence: Mapping[str, Evidence], now: datetime) -> tuple[Message, ...]:
        """Return what people are told. What cannot be said must not cost the window: it stands in the tables."""
        try:
            return pipeline.account(
                verdict.memory,
                verdict.changes,
                verdict.drift,
                server=self._target.name,
                speaker=self._parts.speaker,
                now=now,
                matrix=verdict.matrix,
                evidence=evidence,
            )
        except Exception:  # noqa: BLE001 - the log has all of it
            self._log.exception("account.failed")
            return ()

    def _report(self, verdict: Verdict) -> None:
        """Say in the log what this tick found."""
        facts = {"entries": len(verdict.snapshot), "moved": int(verdict.moved.sum())}
        if verdict.window is None:
            self._log.info("snapshot.first", **facts)
            return
        window = verdict.window
        self._log.info(
            "window.judged",
            **facts,
            end=window.end.isoformat(timespec="seconds"),
            length_s=round(window.length_s, 3),
            quality=window.quality.value,
            ran=len(window),
            anomalies=len(verdict.findings),
            incidents=len(verdict.memory.judgement.desk.open),
        )
        limit = self._observer.rules.drift.consecutive_limit
        if verdict.drift.bad:
            self._log.warning(sentences.streak(self._parts.speaker, bad_runs=verdict.drift.bad_runs, limit=limit))
        if verdict.drift.confirmed:
            self._log.warning(sentences.drift(self._parts.speaker, bad_runs=verdict.drift.bad_runs))

    def _report_told(self, messages: Iterable[Message]) -> None:
        """Say in the log what people are told of statements, also where there is no channel to tell it through."""
        for message in messages:
            if message.kind.startswith("incident."):
                self._log.warning(message.kind, says=message.headline)

    def _store(self) -> None:
        failure = self._ledger.flush()
        if failure is None:
            self._news.over(Trouble.STORE_DOWN, Trouble.STORE_FULL)
            self._parts.courier.set()
            if self._parts.heartbeat is not None and not self._news.open:
                self._parts.errands.submit(self._parts.heartbeat.beat)
            return
        kind = Trouble.STORE_FULL if isinstance(failure, errors.StoreFull) else Trouble.STORE_DOWN
        self._log.warning("store.failed", error=self._parts.speaker.error(failure), waiting=len(self._ledger))
        self._news.seen(kind, failure)
        self._news.pass_on(self._ledger.take_messages())

    def _spare_time(self, due_s: float, stop: Event) -> None:
        """Do what can wait: the reference for evidence, models, upkeep of the store, scoring again after a reset."""
        clock = self._parts.clock
        try:
            if self._last is not None:
                self._witness.rest(self._last)
            self._learn()
            self._test_nightly()
            if clock.monotonic_s() - self._upkeep_s >= UPKEEP_S:
                self._upkeep_s = clock.monotonic_s()
                self._parts.upkeep()
            if self._ledger.was_reset and self._rescoring is None:
                self._rescoring = self._start_over()
            while self._rescoring is not None and not stop.is_set():
                if clock.monotonic_s() > due_s - SPARE_BEFORE_TICK_S:
                    return
                if not self._rescoring.step(self._observer.model):
                    self._finish_rescoring(self._rescoring)
        except errors.LeaseLost:
            raise
        except (errors.StoreError, errors.ConnectError) as error:
            # Where the store did not take the tick either, the log has it already.
            known = self._news.open & {Trouble.STORE_DOWN, Trouble.STORE_FULL}
            write = self._log.debug if known else self._log.warning
            write("spare_time.failed", error=self._parts.speaker.error(error))
        except Exception:  # noqa: BLE001 - what can wait is tried again; the log has all of it
            self._log.exception("spare_time.failed")

    def _start_over(self) -> Rescoring:
        self._log.info("detector.reset")
        version = stages.version_of(self._observer.model, self._parts.model.version)
        limit = self._parts.plan.batch_limit
        return Rescoring(self._parts.store, self._lease, self._observer.rules, version=version, limit_rows=limit)

    def _finish_rescoring(self, rescoring: Rescoring) -> None:
        self._observer.relearn(rescoring.judgement)
        self._ledger.seen = rescoring.seen
        self._ledger.was_reset = False
        self._rescoring = None
        self._log.info("detector.rescored")

    def _catch_up(self) -> None:
        """Do what scripts, or a crash between two stages, have left."""
        store, parts = self._parts.store, self._parts
        windows = stages.build_deltas(store, self._lease) or 0
        described = stages.build_lexical(store, self._lease, parts.clock.now())
        featured, _ = stages.build_features(store, self._lease)
        scored = 0 if self._left_reset() else self._score_left()
        if windows or featured or described or scored:
            self._log.info("caught_up", windows=windows, featured=featured, described=described, scored=scored)

    def _score_left(self) -> int:
        """Score the windows that scripts have stored and not scored, and tell of them; return how many there were."""
        parts, scored = self._parts, 0
        model = stages.model_of(parts.store, self._id, parts.threshold)
        while True:
            run, messages = stages.detect(
                parts.store, self._lease, parts.rules(self._id), model,
                version=stages.version_of(model, parts.model.version), server=self._target.name, speaker=parts.speaker,
                channels=parts.channels, at=parts.clock.now(), limit_rows=parts.plan.batch_limit,
            )  # fmt: skip
            if run.upto is None:
                return scored
            scored += run.windows
            self._report_told(messages)

    def _left_reset(self) -> bool:
        """Return whether stored windows wait to be scored again: somebody reset the detector while nobody watched."""
        state = self._parts.store.state(self._id)
        newest = next(iter(self._parts.store.newest_snapshots(self._id)), None)
        if state is None or newest is None or newest.window_start is None:
            return False
        if state.last_window_end is None:
            return True
        reset_at = state.told_after
        return reset_at is not None and state.last_window_end < min(reset_at, newest.snapshot_ts)

    def _learn(self) -> None:
        self._refresh_model()
        windows = self._observer.memory.judgement.windows
        drifted, self._drifted = self._drifted, False
        done = self._learner.step(windows=windows, drifted=drifted)
        if done is not None:
            self._tell_training(done)

    def _tell_training(self, done: Trained) -> None:
        for part in done.why:
            self._log.info(self._parts.speaker.say(part.says, **part.facts))
        if self._learner.gave_up:
            self._log.warning(
                self._parts.speaker.count(
                    "No model after {n} training: the per-statement engine judges alone, the next try is in an hour.",
                    "No model after {n} trainings: the per-statement engine judges alone, the next try is in an hour.",
                    self._learner.tries,
                )
            )
        self._refresh_model()

    def _test_nightly(self) -> None:
        windows = self._observer.memory.judgement.windows
        if self._parts.selftest is None or not self._nights.step(self._tested_at, windows=windows):
            return
        latest, *past = self._parts.store.selftests(self._id, selftests.NIGHTS)
        for part in selftest.describe(latest.result, [night.result for night in past]):
            self._log.info(self._parts.speaker.say(part.says, **part.facts))

    def _self_test(self) -> None:
        parts = self._parts
        if parts.selftest is not None:
            seed = parts.clock.now().toordinal()
            parts.selftest(selftests.order(parts.store.conninfo, self._id, self._observer.rules, seed=seed))

    def _tested_at(self) -> datetime | None:
        return next((night.tested_at for night in self._parts.store.selftests(self._id)), None)

    def _train(self) -> Trained:
        parts = self._parts
        return stages.train(
            parts.store, self._id, parts.model, parts.model_file,
            at=parts.clock.now(), rng=parts.rng, fit=parts.fit,
        )  # fmt: skip

    def _refresh_model(self) -> None:
        """Take over the model that was activated since, by us or by a script."""
        number = self._parts.store.model_number(self._id)
        if number != self._number:
            self._number = number
            self._observer.model = stages.model_of(self._parts.store, self._id, self._parts.threshold)

    def _age_s(self) -> float | None:
        facts = self._observer.model.facts
        if facts is None:
            return None
        return (self._parts.clock.now() - datetime.fromisoformat(facts.trained_at)).total_seconds()
