"""Which statements' texts are known, and when to ask again for those that could not be read."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from pganomaly.records import KEY, KeyArray, Text, TextState, keys_of, locate

RETRY_S = 60.0
"""Pause after the first failure to read a text; it doubles with each further one."""
LONGEST_RETRY_S = 3600.0

_SPARE = 1024
"""Keys that may be remembered beyond twice those that the server has now."""


class KnownTexts:
    """
    What needs no further question, by key; times are seconds of our steady clock.

    A text that was read is never asked for again. A hidden or unreadable one is, with growing pauses: somebody may
    grant a privilege, and a text that PostgreSQL cannot convert may be evicted.
    """

    def __init__(self, keys: KeyArray | None = None) -> None:
        self._keys: KeyArray = np.empty(0, KEY) if keys is None else keys.copy()
        self._again_s = np.full(len(self._keys), np.inf)
        self._failures = np.zeros(len(self._keys), np.int64)

    def __len__(self) -> int:
        """Return the number of statements that were asked for."""
        return len(self._keys)

    def wanted(self, keys: KeyArray, at_s: float) -> NDArray[np.bool_]:
        """Return for which of *keys* the server should be asked at *at_s*."""
        place = locate(keys, self._keys)
        wanted = place < 0
        wanted[~wanted] = self._again_s[place[~wanted]] <= at_s
        return wanted

    def note(self, texts: Sequence[Text], at_s: float) -> None:
        """Remember how asking for *texts* ended."""
        if not texts:
            return
        new = keys_of(text.key for text in texts)
        readable = np.array([text.state is TextState.READ for text in texts])
        place = locate(new, self._keys)
        failures = np.zeros(len(new), np.int64)
        failures[place >= 0] = self._failures[place[place >= 0]]
        pause_s = np.minimum(RETRY_S * 2.0 ** np.minimum(failures, 16), LONGEST_RETRY_S)
        self._keep(np.isin(np.arange(len(self._keys)), place, invert=True))
        self._keys = np.concatenate([self._keys, new])
        self._again_s = np.concatenate([self._again_s, np.where(readable, np.inf, at_s + pause_s)])
        self._failures = np.concatenate([self._failures, np.where(readable, 0, failures + 1)])

    def forget(self, keys: Iterable[tuple[int, int, int, bool]] | KeyArray) -> None:
        """Ask again for *keys* when they move next: what was read of them was lost on its way."""
        gone = keys if isinstance(keys, np.ndarray) else np.array([tuple(key) for key in keys], KEY)
        self._keep(locate(self._keys, gone) < 0)

    def shrink(self, keys: KeyArray) -> None:
        """Forget statements that the server has evicted, once they outnumber those that it has: *keys*."""
        if len(self._keys) > 2 * len(keys) + _SPARE:
            self._keep(locate(self._keys, keys) >= 0)

    def _keep(self, which: NDArray[np.bool_]) -> None:
        self._keys, self._again_s, self._failures = self._keys[which], self._again_s[which], self._failures[which]
