"""Forests for tests: training rows of many shapes, and scikit-learn's own pipeline to compare with."""

import subprocess
import sys
from datetime import UTC, datetime

import numpy as np
from sklearn.ensemble import IsolationForest
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from pganomaly.detectors import ALL_FEATURES, Facts, forest_request
from pganomaly.records.grid import F8

MOMENT = datetime(2026, 11, 21, 12, 0, tzinfo=UTC).isoformat()


def facts(
    *, n_estimators: int = 40, contamination: float | str = 0.01, quantile: float = 0.002, seed: int = 7
) -> Facts:
    return Facts(
        model_version="baseline_v1.1",
        trained_at=MOMENT,
        since=MOMENT,
        until=MOMENT,
        rows=0,
        statements=0,
        contamination=contamination,
        n_estimators=40,
        alert_quantile=quantile,
        seed=seed,
    )


def ordinary_rows(rng: np.random.Generator, rows: int = 600) -> F8:
    """Rows like a server's: heavy tails, much that is not known, columns that never move or are never known."""
    X: F8 = np.exp(rng.normal(0.0, 2.0, (rows, len(ALL_FEATURES))))
    X[rng.random(X.shape) < 0.1] = np.nan
    X[:, 3] = 7.0
    X[:, 5] = np.nan
    X[:, 7] = 0.0
    X[0, 7] = 1e-12
    X[:, 9] *= 1e15
    return X


def pipeline(X: F8, order: Facts) -> Pipeline:
    """The same pipeline, as anybody would write it with scikit-learn."""
    return make_pipeline(
        SimpleImputer(strategy="median", keep_empty_features=True),
        StandardScaler(),
        IsolationForest(n_estimators=order.n_estimators, contamination=order.contamination, random_state=order.seed),
    ).fit(X)


def child(request: bytes) -> "subprocess.CompletedProcess[bytes]":
    """A real child process, as the service starts it."""
    return subprocess.run(
        [sys.executable, *forest_request.COMMAND], input=request, capture_output=True, check=False, timeout=120
    )
