"""
What everybody needs who judges a window: the window itself, and what is remembered of each of its statements.

in    what is known when a window comes, the window, the circumstances
out   a Scene, one number per statement in every array of it
"""

from typing import NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from pganomaly.detectors import calls as traffics
from pganomaly.detectors import cold, gates, supports
from pganomaly.detectors.channels import amounts
from pganomaly.detectors.normals import Costs, Life, Normals, Traffic
from pganomaly.detectors.residuals import costs_of
from pganomaly.detectors.rules import Gate
from pganomaly.detectors.stalls import Host
from pganomaly.detectors.waits import Waits
from pganomaly.records import Matrix, Window, locate
from pganomaly.records.grid import F8

Mask = NDArray[np.bool_]
Places = NDArray[np.intp]


class Known(Protocol):
    """What is known when a window comes: a Baseline."""

    @property
    def normals(self) -> Normals:
        """Every statement that is remembered."""
        ...

    @property
    def durations(self) -> F8:
        """The server's calls by duration."""
        ...

    @property
    def host(self) -> Host:
        """How slow everything usually is."""
        ...

    @property
    def cache(self) -> cold.Cache:
        """How cold the cache usually is."""
        ...

    @property
    def windows(self) -> int:
        """Windows learned so far."""
        ...

    @property
    def day_windows(self) -> float:
        """Windows that make a day."""
        ...


class Circumstances(NamedTuple):
    """
    Under which a window is judged.

    gate             what must be at stake
    height           h, the server's bar of every family (calibration)
    early            how much higher bars are while the server is hardly known (supports.young)
    judge_newcomers  False until the baseline of a server is complete: until then every statement is new
    seen             who was seen in flight
    """

    gate: Gate
    height: F8
    early: F8
    judge_newcomers: bool
    seen: Waits


class Scene(NamedTuple):
    """
    A window, and what is remembered of the statements that ran in it.

    place     where each stands among the known, -1: nowhere
    value     amounts per call, [channels, statements]
    costs     what they usually are
    expected  calls that were to be expected of every *known* statement, whether it ran or not
    life      since when each is known, and in how many windows it ran
    age       windows since it was first seen
    judged    what may be anybody's news
    server    what the whole server did
    """

    known: Known
    matrix: Matrix
    given: Circumstances
    place: Places
    value: F8
    costs: Costs
    expected: traffics.Expected
    life: Life
    age: F8
    judged: Mask
    server: gates.Totals

    @classmethod
    def of(cls, known: Known, matrix: Matrix, place: Places, given: Circumstances) -> Self:
        """Return the scene of *matrix*."""
        window, value = matrix.window, amounts(matrix)
        life = Life(*remembered(known.normals.life, place))
        return cls(
            known=known,
            matrix=matrix,
            given=given,
            place=place,
            value=value,
            costs=costs_of(known.normals, window, place),
            expected=traffic_of_all(known.normals, window, place),
            life=life,
            age=np.where(life.windows > 0, known.windows - life.since, 0.0),
            judged=~matrix.system & ~(matrix.lexical["has_ddl"] == 1),
            server=gates.totals(window, value),
        )

    @property
    def window(self) -> Window:
        """The window alone."""
        return self.matrix.window

    @property
    def calls(self) -> F8:
        """How often each statement ran."""
        return self.window.deltas["calls"]

    @property
    def time_ms(self) -> F8:
        """The execution time of each."""
        return self.window.deltas["total_exec_time"]

    @property
    def share(self) -> F8:
        """The share that each has of the server's DB time."""
        return gates.share_of(self.time_ms, self.server.exec_ms)


def remembered(block: F8, place: Places) -> F8:
    """Return the columns of *block* at *place*; of -1, nowhere, zeros."""
    nowhere = np.flatnonzero(place < 0)
    if len(nowhere) == len(place):
        return np.zeros((len(block), len(place)))
    found = block.take(place, axis=1)
    found[:, nowhere] = 0.0
    return found


def traffic_of_all(normals: Normals, window: Window, place: Places) -> traffics.Expected:
    """Return what calls were to be expected of every statement that is remembered, whether it ran or not."""
    return traffics.expected(
        Traffic(*normals.traffic), normals.keys, calls_of_all(normals, window, place), window.length_s
    )


def calls_of_all(normals: Normals, window: Window, place: Places) -> F8:
    """Return the calls in a window of every statement that is remembered; most of them are 0."""
    calls = np.zeros(len(normals))
    calls[place[place >= 0]] = window.deltas["calls"][place >= 0]
    return calls


def often(traffic: Traffic, life: Life, length_s: float) -> Mask:
    """Return which statements run often and are known well."""
    usual: Mask = traffic.rate * length_s >= supports.OFTEN_CALLS
    return usual & (life.windows >= supports.OFTEN_WINDOWS)


def waiting_of(seen: Waits, keys: NDArray[np.void], length_s: float) -> F8:
    """Return the ms per second that sessions with these statements waited for locks."""
    place = locate(keys, seen.keys)
    return np.where(place >= 0, np.append(seen.waiting_ms, 0.0)[place], 0.0) / length_s


def either(g: F8, of_length: F8) -> F8:
    """Return the evidence of calls, or that of a length where it says more, or where calls say nothing."""
    return np.where(np.isnan(g), of_length, np.where(of_length > 0, np.fmax(g, of_length), g))
