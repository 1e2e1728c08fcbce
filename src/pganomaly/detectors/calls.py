"""
The calls themselves as a channel: how often a statement runs, and whether that is more or less than it should be.

Quasi-Poisson: a window with lam calls expected varies by phi * lam, and by tau^2 between windows, so that
r = ln((n + d) / (lam + d)) has the variance tau^2 (1 + 1/w) + phi / (lam + d) + floor^2. lam follows what the other
frequent statements of the same user do in that very window: a busy hour is nobody's surge.

Evidence (supports.py) is the quasi-likelihood ratio (Wedderburn 1974) of three or ten times the calls, or of a fifth:

    up    max of (n ln 3 - 2 lam) / phi' and (n ln 10 - 9 lam) / phi', of later windows of a burst -ln q at most
    down  (n ln 0.2 + 0.8 lam) / phi'                                    phi' = phi + tau^2 lam

where lam of a surge is no less than what the last windows had, and that of a drop no more: a slow rise, or fall, is
followed and not judged. n and lam in calls a window, d = 3 of them, phi without a unit, q the share of the windows of
this statement's bursts that were followed by another one.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pganomaly.detectors import variance
from pganomaly.detectors.normals import Traffic
from pganomaly.records import KeyArray
from pganomaly.records.grid import F8

Mask = NDArray[np.bool_]

MATERIAL_CALLS = 3.0
"""d: calls per window, more or less, that matter."""
FLOOR2 = 0.1**2
REGULAR_WINDOWS = 30.0
"""A statement's calls are judged when it has been known for so many windows."""
MORE, MUCH_MORE, LESS = 3.0, 10.0, 0.2
"""Times the expected calls that evidence is measured against."""
MOST_EVIDENCE, MOST_OF_SILENCE = 7.0, 6.0
"""A burst of a window is nobody's news, however high; nor is a pause of two, or of five where a few calls are missed:
silence is no more evidence than half of the calls that were expected."""
RUNS_ALWAYS, RUNS_USUALLY, RUNS_MOSTLY = 0.95, 0.8, 0.03
"""Share of the last windows in which it must have run: missing calls are missed where it always runs, and where it
usually does, an empty window of which says no more than -ln of how often it has one; a surge is one where it does so at
all often. Of who runs less often, it takes more than three times the calls of any window of the last days."""
OFTEN, MOST_OF_RARE = 0.5, 4.0
"""Who runs in fewer windows than that comes in bursts by nature: it takes three windows at least to surge."""
SURGE, DROP = 2.0, 0.3
"""Times the expected calls that trouble: nobody is woken by 30 % more."""
SILENCE_CALLS = 3.0
"""Calls expected per window from which on missing ones are missed."""
FOLLOWED = 1.5
"""Times the rate of the last windows up to which a window moves it: no more than 6 % a window is a slow rise."""
PEAK_MARGIN = 1.25
"""A surge must exceed the largest calm rate of the last days by this much; a drop must fall below the smallest."""

UNHEARD_OF = 1.5
"""Times the largest calm rate of the last days from which on no burst of these days explains another one."""
USUALLY_LASTS, BELIEVED_WINDOWS = 0.05, 2.0
"""Share of a burst's windows that are believed to be followed by another one, and the windows that this belief is worth
against what is seen of a statement."""

PAUSE_WINDOWS = 30.0
"""Windows up to which a silence is no excuse for itself: only when it is over is it learned how often one pauses."""

_PEERS, _SERVER_PEERS, _PEER_CALLS = 5, 8, 10.0
_FACTOR_LIMITS = (0.05, 20.0)
_MEMORY_WINDOWS = 100.0
_NEWEST_GAIN = 1 / 8
_BUSY_GAIN = 1 / 4
_SUSPECT_GAIN = 1 / 15
_HELD_GAIN = 1 / 30
_CALM_Z = 4.0
_STEP = 1.5


class Expected(NamedTuple):
    """
    What the calls of a window should have been, one number per statement.

    calls     lam; of who is missed, also where its user's other statements are, what the server's others make it
    residual  ln((n + d) / (lam + d))
    spread    its standard deviation, NaN without history
    many      so many calls that it is no rhythm
    more      the calls can be judged, and trouble by being many
    fewer     the same, by being few
    up, down  evidence of a surge, of a drop; NaN where it cannot be said
    pace      calls of those around, in multiples of the usual, 1 at most
    """

    calls: F8
    residual: F8
    spread: F8
    many: Mask
    more: Mask
    fewer: Mask
    up: F8
    down: F8
    pace: F8

    @property
    def z(self) -> F8:
        """The residual in units of its spread."""
        return self.residual / self.spread

    def at(self, place: NDArray[np.intp]) -> "Expected":
        """Return the same for the statements at *place*; of -1, nowhere, nothing can be said."""
        nowhere = np.flatnonzero(place < 0)
        if len(nowhere) == len(place):
            unknown, no = np.full((6, len(place)), np.nan), np.zeros((3, len(place)), dtype=np.bool_)
            return Expected(*unknown[:3], *no, *unknown[3:])
        known = np.array([self.calls, self.residual, self.spread, self.up, self.down, self.pace])
        numbers = known.take(place, axis=1)
        flags = np.array([self.many, self.more, self.fewer]).take(place, axis=1)
        numbers[:, nowhere], flags[:, nowhere] = np.nan, False
        return Expected(*numbers[:3], *flags, *numbers[3:])


def expected(traffic: Traffic, keys: KeyArray, calls: F8, length_s: float) -> Expected:
    """Return what was to be expected of every remembered statement, of which *calls* ran (0: none)."""
    usual = traffic.rate * length_s
    known_well = traffic.weight >= REGULAR_WINDOWS
    always, usually, mostly = (known_well & (traffic.regular >= r) for r in (RUNS_ALWAYS, RUNS_USUALLY, RUNS_MOSTLY))
    of_user, of_server, is_crowd = _factors(keys["userid"], calls, usual, always)
    lam = usual * of_user
    residual = _ratio(calls, lam)
    known = np.where(traffic.weight > 0, traffic.weight, np.nan)
    v = traffic.tau2 * (1 + 1 / known) + traffic.phi / (lam + MATERIAL_CALLS) + FLOOR2
    rate = calls / length_s
    busy = traffic.busy + _BUSY_GAIN * (rate - traffic.busy)
    # A slow rise is followed, not judged: lam is no less than what just was, and no more.
    # A user who stops altogether is no quiet hour while the server's others go on.
    recent = traffic.recent * length_s
    due = usual * np.maximum(of_user, of_server)
    high, low = np.maximum(lam, recent), np.minimum(due, recent)
    more_now = (calls >= SURGE * high) & (rate > PEAK_MARGIN * traffic.peak)
    more_lately = (busy * length_s >= SURGE * high) & (busy > PEAK_MARGIN * traffic.busiest) & (calls > high)
    unheard_of = known_well & ~mostly & (calls >= MUCH_MORE) & (rate > MORE * traffic.peak)
    more = (mostly & (more_now | more_lately)) | unheard_of
    fewer = usually & (calls <= DROP * low) & (low >= SILENCE_CALLS)
    if not is_crowd:
        fewer &= rate * PEAK_MARGIN < traffic.trough
    goes_on = (traffic.crest > 0) & (rate <= UNHEARD_OF * traffic.peak)
    most = np.where(goes_on, np.minimum(_of_lasting(traffic), MOST_EVIDENCE), MOST_EVIDENCE)
    most = np.where(traffic.regular >= OFTEN, most, MOST_OF_RARE)
    rarely_empty = np.where(always, MOST_OF_SILENCE, -np.log(1.0 - np.minimum(traffic.regular, RUNS_ALWAYS)))
    of_silence = np.minimum(rarely_empty, low / 2)
    spread = traffic.phi + traffic.tau2 * high
    up = (
        np.maximum(calls * np.log(MORE) - (MORE - 1) * high, calls * np.log(MUCH_MORE) - (MUCH_MORE - 1) * high)
        / spread
    )
    down = (calls * np.log(LESS) + (1 - LESS) * low) / (traffic.phi + traffic.tau2 * low)
    return Expected(
        np.where(fewer, due, lam),
        residual,
        np.sqrt(v),
        calls >= SURGE * high,
        more,
        fewer,
        np.where(mostly | unheard_of, np.where(more | (up < 0), np.minimum(_cut(up), most), 0.0), np.nan),
        np.where(usually, np.where(fewer | (down < 0), np.minimum(_cut(down), of_silence), 0.0), np.nan),
        np.minimum(np.maximum(of_user, of_server), 1.0),
    )


def _of_lasting(traffic: Traffic) -> F8:
    """Return the evidence of a burst that goes on for another window: the less, the oftener this statement's do."""
    windows = traffic.lasted + traffic.ended + BELIEVED_WINDOWS
    return np.asarray(-np.log((traffic.lasted + BELIEVED_WINDOWS * USUALLY_LASTS) / windows))


def _cut(evidence: F8) -> F8:
    return np.clip(evidence, -MOST_EVIDENCE / 4, MOST_EVIDENCE)


def learned(
    traffic: Traffic, what: Expected, calls: F8, away: F8, length_s: float, *, half_life: float, free: Mask, brief: Mask
) -> Traffic:
    """
    Return the traffic after a window.

    away   windows before this one since a statement last ran
    free   statements that may be learned from: of the others only the newest level is followed
    brief  of which, if anything is suspected at all, it is so since a few windows only
    """
    fade = 2.0 ** (-1.0 / half_life)
    first = traffic.weight == 0
    rate = calls / length_s
    weight = fade * traffic.weight + 1
    spread = np.where(first, 0.0, what.spread)
    z = np.where(first, 0.0, what.z)

    usual = traffic.rate * length_s
    # The level follows the calls themselves, not their distance from the user's others: it must not float with them.
    step = np.clip(_ratio(calls, usual), -_STEP * spread, _STEP * spread) / weight
    level = (usual + MATERIAL_CALLS) * np.exp(step) - MATERIAL_CALLS
    residual2 = np.square(np.clip(z, -variance.CLIP, variance.CLIP) * spread)
    gain = 1.0 / (variance.PRIOR_WINDOWS + weight)
    tau2, phi = variance.split(traffic.tau2, traffic.phi, what.calls + MATERIAL_CALLS, residual2, gain)
    swing = np.where(np.abs(z) < _CALM_Z, 1.0, _SUSPECT_GAIN)
    # What is missed is no calm rate: else the second empty window would be as good as any.
    drop = np.where(what.fewer, _SUSPECT_GAIN, swing)
    slack = 1 - fade
    after = Traffic(
        rate=np.where(first, rate, np.maximum(level, 0.0) / length_s),
        tau2=np.where(first, traffic.tau2, tau2),
        phi=np.where(first, traffic.phi, phi),
        weight=weight,
        regular=_regular(traffic, calls > 0, away, 1.0 / np.minimum(weight, _MEMORY_WINDOWS)),
        peak=_towards(traffic.peak, rate, np.where(rate > traffic.peak, swing, slack), first),
        trough=_towards(traffic.trough, rate, np.where(rate < traffic.trough, drop, slack), first),
        newest=traffic.newest,
        recent=np.where(first, rate, followed(traffic.recent, rate, MATERIAL_CALLS / length_s, what.fewer)),
        busy=traffic.busy,
        busiest=traffic.busiest,
        crest=traffic.crest,
        going=traffic.going,
        lasted=traffic.lasted,
        ended=traffic.ended,
    )
    kept = Traffic(*(np.where(free, new, old) for new, old in zip(after, traffic, strict=True)))
    # What is not learned from still becomes no news in the end: a rate that was seen for long is no peak any more.
    seen = np.where(free, kept.peak, np.maximum(kept.peak, kept.peak + _HELD_GAIN * (rate - kept.peak)))
    busy = np.where(first, rate, traffic.busy + _BUSY_GAIN * (rate - traffic.busy))
    gain = np.where(what.more, np.where(free, _SUSPECT_GAIN, _HELD_GAIN), np.where(free | brief, swing, _HELD_GAIN))
    busiest = _towards(traffic.busiest, busy, np.where(busy > traffic.busiest, gain, slack), first)
    # A burst that is over after a few windows passed by itself: the next one like it is no news.
    over = ~what.many
    seen = np.where(over & brief, np.maximum(seen, traffic.crest), seen)
    crest = np.where(over, 0.0, np.maximum(traffic.crest, rate))
    # Only what is over tells how long bursts last: else a surge would explain itself while it goes on.
    burst = over & (traffic.crest > 0) & (free | brief)
    kept = kept._replace(
        peak=np.where(first, kept.peak, seen),
        busy=busy,
        busiest=busiest,
        crest=crest,
        going=np.where(over | (traffic.crest == 0), 0.0, traffic.going + 1.0),
        lasted=fade * traffic.lasted + np.where(burst, traffic.going, 0.0),
        ended=fade * traffic.ended + burst,
    )
    newest = traffic.newest + _NEWEST_GAIN * (what.residual - traffic.newest)
    return kept._replace(newest=np.where(first, 0.0, newest))


def _regular(traffic: Traffic, runs: Mask, away: F8, share: F8) -> F8:
    """Return the share of windows in which statements run; of who usually does, a pause counts when it is over."""
    before = traffic.regular
    missed = (before >= RUNS_USUALLY) & (traffic.weight >= REGULAR_WINDOWS)
    paused = before * (1.0 - share) ** np.where(runs & missed, np.minimum(away, PAUSE_WINDOWS), 0.0)
    return np.asarray(np.where(runs | ~missed | (away >= PAUSE_WINDOWS), paused + (runs - paused) * share, before))


def steady(traffic: Traffic, what: Expected) -> Mask:
    """Return which statements stayed at their newest rate, or have none to speak of."""
    left = np.abs(what.residual - traffic.newest) > variance.CLIP * what.spread
    stayed: Mask = ~left | (traffic.regular < RUNS_MOSTLY)
    return stayed


def accepted(traffic: Traffic, which: Mask, length_s: float) -> Traffic:
    """Return the traffic with the newest level of some statements taken for their usual one."""
    rate = traffic.rate * np.exp(traffic.newest)
    rate += MATERIAL_CALLS / length_s * np.expm1(traffic.newest)
    rate = np.where(which, np.maximum(rate, 0.0), traffic.rate)
    return traffic._replace(
        rate=rate,
        weight=np.where(which, np.minimum(traffic.weight, REGULAR_WINDOWS), traffic.weight),
        peak=np.where(which, np.maximum(rate, traffic.peak), traffic.peak),
        trough=np.where(which, np.minimum(rate, traffic.trough), traffic.trough),
        recent=np.where(which, rate, traffic.recent),
        busiest=np.where(which, np.maximum(rate, traffic.busiest), traffic.busiest),
        newest=np.where(which, 0.0, traffic.newest),
    )


def _ratio(calls: F8, lam: F8) -> F8:
    return np.asarray(np.log((calls + MATERIAL_CALLS) / (lam + MATERIAL_CALLS)))


def followed(recent: F8, rate: F8, material: float, missed: Mask) -> F8:
    """
    Return the rate of the last windows: a slow rise is followed, a sudden one is not what was expected.

    Nor is it a drop, of who is *missed*: what is missed must not be forgotten before there is evidence enough.
    """
    near = np.minimum(rate, recent * FOLLOWED + material)
    return np.asarray(recent + np.where(missed, _HELD_GAIN, _NEWEST_GAIN) * (near - recent))


def _towards(here: F8, there: F8, share: F8, first: Mask) -> F8:
    return np.where(first, there, here + share * (there - here))


def _factors(users: NDArray[np.uint32], calls: F8, usual: F8, always: Mask) -> tuple[F8, F8, bool]:
    """
    Return by how much the frequent statements together run more than usual: the median of their ratios.

    Of every statement's user, where that has enough of them, and of the whole server; and whether that has enough.
    """
    factor = np.ones(len(users))
    peers = always & (usual >= _PEER_CALLS)
    if peers.sum() < _PEERS:
        return factor, factor, False
    ratios = _ratio(calls, usual)[peers]
    if len(ratios) >= _SERVER_PEERS:
        factor = np.full(len(users), np.clip(np.exp(np.median(ratios)), *_FACTOR_LIMITS))
    who, group, members = np.unique(users[peers], return_inverse=True, return_counts=True)
    by_user = ratios[np.lexsort((ratios, group))]
    first = np.cumsum(members) - members
    median = (by_user[first + (members - 1) // 2] + by_user[first + members // 2]) / 2
    row = np.minimum(np.searchsorted(who, users), len(who) - 1)
    own = (who[row] == users) & (members[row] >= _PEERS)
    return (
        np.asarray(np.clip(np.where(own, np.exp(median[row]), factor), *_FACTOR_LIMITS)),
        factor,
        len(ratios) >= _SERVER_PEERS,
    )
