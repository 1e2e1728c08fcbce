"""
The pooled forest: SimpleImputer -> StandardScaler -> IsolationForest, scored from plain arrays.

in    the Matrix of one window
out   scikit-learn's decision_function of every statement, equal to 1e-9: lower is odder
not   no scikit-learn: it fits in a child process (forest_fit), what it learned comes back as arrays

Pooled means blind to one query that becomes ten times slower and still looks like some other query: that is the
per-statement baseline's part.
"""

from dataclasses import asdict, dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from pganomaly import errors
from pganomaly.detectors import modelfile, rows
from pganomaly.detectors.rows import ALL_FEATURES
from pganomaly.detectors.trees import Trees
from pganomaly.records import Matrix, Quality
from pganomaly.records.grid import F8

KIND = "forest"


@dataclass(frozen=True, slots=True)
class Facts:
    """
    Where a forest comes from.

    trained_at, since, until  ISO 8601, UTC: when it was trained, and its first and last training window
    rows, statements          what it was trained on
    contamination             share of the training rows for which decision_function is negative, or "auto"
    alert_quantile            share of the training rows at or below the threshold
    seed                      of everything random in it
    scikit_learn              the version that fitted it
    """

    model_version: str
    trained_at: str
    since: str
    until: str
    rows: int
    statements: int
    contamination: float | str
    n_estimators: int
    alert_quantile: float
    seed: int
    scikit_learn: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class ForestScores:
    """
    What the forest thinks of one window.

    decision   its decision_function, unchanged: lower is odder, NaN where there is no forest yet
    judged     whom it may judge: nobody's system statement, no delta in doubt, no window of another quality than OK
    threshold  at or below it the forest calls a statement anomalous
    """

    decision: F8
    judged: NDArray[np.bool_]
    threshold: float

    @property
    def surprise(self) -> F8:
        """The decision turned around, so that higher is odder; NaN is "cannot say"."""
        return np.where(self.judged, -self.decision, np.nan)

    @property
    def anomalous(self) -> NDArray[np.bool_]:
        """Which statements the forest calls anomalous."""
        return self.judged & (self.decision <= self.threshold)


@dataclass(frozen=True, slots=True, eq=False)
class Forest:
    """
    A fitted pipeline, frozen.

    medians        stand in for what is not known; 0 for a column that no training row knew
    means, scales  make columns comparable
    usual_path     path of a row that is set apart neither early nor late
    offset         decision_function = score_samples - offset
    threshold      at or below it a window of a statement is anomalous; replace() it to use another
    facts          None before the first training
    """

    medians: F8
    means: F8
    scales: F8
    trees: Trees
    usual_path: float
    offset: float
    threshold: float
    facts: Facts | None

    @classmethod
    def untrained(cls) -> Self:
        """Return the forest before its first training: it cannot say anything, and says so."""
        width = len(ALL_FEATURES)
        return cls(np.zeros(width), np.zeros(width), np.ones(width), Trees.none(), 1.0, 0.0, 0.0, None)

    def score(self, matrix: Matrix) -> ForestScores:
        """Return what it thinks of every statement of *matrix*."""
        return self._scores(matrix, self.decision(matrix))

    def outliers(self, matrix: Matrix, wanted: NDArray[np.bool_]) -> ForestScores:
        """
        Return the same of those that it calls anomalous, and of those that are *wanted*; nothing is said of others.

        That takes a fifth of the time: that a statement is not anomalous shows long before how far it is from that.
        """
        return self._scores(
            matrix, self._decisions(rows.columns(matrix), limit=self._longest_odd_path(), wanted=wanted)
        )

    def _scores(self, matrix: Matrix, decision: F8) -> ForestScores:
        judged = ~matrix.system & ~matrix.window.doubtful & ~np.isnan(decision)
        # A gap stretches the very columns that are compared with windows of the usual length.
        return ForestScores(decision, judged & (matrix.window.quality is Quality.OK), self.threshold)

    def decision(self, matrix: Matrix) -> F8:
        """Return the decision_function of every statement of *matrix*, whether it may be judged or not."""
        return self._decisions(rows.columns(matrix))

    def decision_function(self, X: F8) -> F8:
        """Return what scikit-learn's pipeline returns for the rows of *X*; NaN without a single tree."""
        return self._decisions(X.T)

    def _decisions(self, columns: F8, *, limit: float = np.inf, wanted: NDArray[np.bool_] | None = None) -> F8:
        """Return decisions given a column per statement; NaN for whose path is beyond *limit*, unless *wanted*."""
        if not len(self.trees):
            return np.full(columns.shape[1], np.nan)
        standard = np.where(np.isnan(columns), self.medians[:, np.newaxis], columns)
        standard -= self.means[:, np.newaxis]
        standard /= self.scales[:, np.newaxis]
        with np.errstate(over="ignore"):  # too large for float32 is infinite, and goes where the largest go
            narrow = np.ascontiguousarray(standard, dtype=np.float32)
        lengths = self.trees.path_lengths(narrow, limit=limit, wanted=wanted)
        decision: F8 = -(2.0 ** (-lengths / (len(self.trees) * self.usual_path))) - self.offset
        return decision

    def _longest_odd_path(self) -> float:
        """Return the longest path, summed over all trees, of an anomalous statement: decision solved for the path."""
        oddness = -(self.threshold + self.offset)
        return -float(np.log2(oddness)) * len(self.trees) * self.usual_path if oddness > 0 else np.inf

    def dumps(self) -> bytes:
        """Return the model file."""
        manifest = {
            "features": ALL_FEATURES,
            "usual_path": self.usual_path,
            "offset": self.offset,
            "threshold": self.threshold,
            "facts": asdict(self.facts) if self.facts else None,
        }
        arrays: dict[str, modelfile.Array] = {
            "medians": self.medians,
            "means": self.means,
            "scales": self.scales,
            "feature": self.trees.feature,
            "cut": self.trees.cut,
            "path": self.trees.path,
        }
        return modelfile.pack(KIND, manifest, arrays)

    @classmethod
    def loads(cls, data: bytes) -> Self:
        """Return the forest in a model file; an errors.ModelFileError where there is none for this version."""
        manifest, arrays = modelfile.unpack(data, KIND)
        other = set(manifest.get("features", ())) ^ set(ALL_FEATURES)
        if other or tuple(manifest["features"]) != ALL_FEATURES:
            names = ", ".join(sorted(other)) or "their order"
            raise errors.ModelFileOutdated(what=f"it looks at other features than this version ({names})")
        try:
            facts = Facts(**manifest["facts"]) if manifest["facts"] else None
            return cls(
                medians=arrays["medians"],
                means=arrays["means"],
                scales=arrays["scales"],
                trees=Trees(arrays["feature"], arrays["cut"], arrays["path"]),
                usual_path=float(manifest["usual_path"]),
                offset=float(manifest["offset"]),
                threshold=float(manifest["threshold"]),
                facts=facts,
            )
        except (KeyError, TypeError, ValueError) as error:
            raise errors.ModelFileDamaged(what=f"{error} is missing or not what it should be") from error
