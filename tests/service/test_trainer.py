"""A model is fitted in a child process, however large the order, and never for longer than we may wait."""

import subprocess
import sys
from pathlib import Path
from threading import Event

import numpy as np
import pytest

from pganomaly import errors
from pganomaly.detectors import ALL_FEATURES, forest_request
from pganomaly.service import trainer
from tests.detectors.forests import facts
from tests.stories.town import until


def order(rows: int) -> bytes:
    X = np.random.default_rng(1).normal(size=(rows, len(ALL_FEATURES)))
    return forest_request.request(X, facts())


def test_an_order_larger_than_a_pipe_is_fitted():
    """The child reads when it has imported scikit-learn; until then a pipe holds 64 kB and no more."""
    asked = order(3000)
    assert len(asked) > 10 * 65_536
    assert len(trainer.fit(asked, patience_s=60.0).trees) > 0


def test_whoever_stops_does_not_wait_for_the_child():
    stop = Event()
    stop.set()
    with pytest.raises(errors.TrainingFailed, match="stopped"):
        trainer.fit(order(3000), stop=stop)


def test_a_child_that_does_not_answer_in_time_is_ended():
    with pytest.raises(errors.TrainingFailed, match="no answer"):
        trainer.fit(order(3000), patience_s=0.5)


def test_a_child_does_not_outlive_whoever_is_killed(tmp_path: Path):
    """A self-test may take hours: nobody would ever read what comes of it."""
    program = (
        "import sys; from threading import Event; from pganomaly.service import trainer;"
        "trainer.converse(('-m', 'tests.service.sleeper'), sys.argv[1].encode(), stop=Event(), patience_s=600)"
    )
    note = tmp_path / "pid"
    with subprocess.Popen([sys.executable, "-c", program, str(note)], cwd=Path(__file__).parents[2]) as killed:
        until(note.exists, "the child")
        killed.kill()
    until(lambda: not Path(f"/proc/{note.read_text()}").exists(), "its end")
