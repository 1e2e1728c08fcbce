"""Sentences that users of the pipeline know word for word; scripts and commands say them."""

from pganomaly.messages.marker import marked as _
from pganomaly.messages.speaker import Speaker

NOT_ENOUGH_SNAPSHOTS = _("Not enough snapshots to compute deltas.")
STORE_TOO_LARGE = _(
    "The store has {size}, more than STORE_MAX_GB allows, and no older day is left to drop. Raise STORE_MAX_GB, or"
    " COLLECT_INTERVAL."
)
LEX_UP_TO_DATE = _("Lex features are up-to-date (nothing to insert/update).")


def streak(speaker: Speaker, *, bad_runs: int, limit: int) -> str:
    """Return the line of a run that found significant anomalies."""
    return speaker.say("⚠️ Anomalies! Streak: {bad_runs}/{limit}", bad_runs=bad_runs, limit=limit)


def drift(speaker: Speaker, *, bad_runs: int) -> str:
    """Return the line that announces a confirmed drift."""
    return speaker.count(
        "🛑 DRIFT CONFIRMED! ({n} run in a row with real anomalies)",
        "🛑 DRIFT CONFIRMED! ({n} runs in a row with real anomalies)",
        bad_runs,
    )
