"""Fits a forest in a child process: scikit-learn is never imported here, and its memory is given back at once."""

import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Event

from pganomaly import errors
from pganomaly.detectors import Forest, forest_request
from pganomaly.service.leash import leashed

PATIENCE_S = 600.0
_LOOK_S = 0.5

Failure = type[errors.TrainingFailed] | type[errors.SelfTestFailed]


def fit(order: bytes, *, stop: Event | None = None, patience_s: float = PATIENCE_S) -> Forest:
    """
    Return the forest that *order* (training.order) asks for; errors.TrainingFailed with the child's own words.

    The child is ended when *stop* is set, so that it never keeps us from ending.
    """
    return forest_request.answer(converse(forest_request.COMMAND, order, stop=stop, patience_s=patience_s))


def converse(
    command: Sequence[str],
    order: bytes,
    *,
    stop: Event | None,
    patience_s: float,
    failure: Failure = errors.TrainingFailed,
) -> bytes:
    """Return what a child process of ours answers to *order*; *failure* where it cannot, or not in time."""
    with (
        leashed(command) as (words, leash),
        subprocess.Popen(  # noqa: S603 - our own interpreter and our own module
            [sys.executable, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=(leash,),
        ) as child,
    ):
        try:
            out, said = _answer(child, order, stop or Event(), patience_s)
        except TimeoutError as error:
            raise failure(said=str(error)) from None
    if child.returncode:
        lines = said.decode(errors="replace").strip().splitlines()
        raise failure(said=lines[-1] if lines else f"exit code {child.returncode}")
    return out


def _answer(child: "subprocess.Popen[bytes]", order: bytes, stop: Event, patience_s: float) -> tuple[bytes, bytes]:
    # A thread of its own: communicate() with a time-out would forget the part of the order that is not sent yet.
    with ThreadPoolExecutor(1, "order") as talk:
        talking = talk.submit(child.communicate, order)
        waited_s = 0.0
        while True:
            with suppress(TimeoutError):
                return talking.result(timeout=_LOOK_S)
            waited_s += _LOOK_S
            if stop.is_set() or waited_s >= patience_s:
                child.kill()
                raise TimeoutError("stopped" if stop.is_set() else f"no answer within {patience_s:.0f} s")
