"""
History in, an order for a model out; and whether the model may be used.

in    a Sample of stored windows, ModelSettings, the incidents that are known
out   a TrainingSet, or exactly what is missing; an order for the child process that fits; a Verdict on the result
not   no disk, no clock, no process: the service reads the sample, starts the child and stores the model

    training_set = training.prepare(sample, settings, rng=rng, incidents=incidents)
    order = training.order(training_set, settings, number=3, trained_at=now, rng=rng)
    forest = forest_request.answer(<what `python` with forest_request.COMMAND made of the order>)
    verdict = training.judge(training_set, settings, incidents)
    verdict = training.compare(training.contest(champion, forest, windows))
    for part in training.describe(forest): speaker.say(part.says, **part.facts)
"""

from pganomaly.training.contest import Contest, contest
from pganomaly.training.gate import Verdict, compare, judge
from pganomaly.training.orders import order
from pganomaly.training.sample import MOST_ROWS, PAST, NotEnough, Sample, TrainingSet, inside, prepare
from pganomaly.training.sentences import Part, describe
from pganomaly.training.settings import Contamination, ModelSettings

__all__ = [
    "MOST_ROWS",
    "PAST",
    "Contamination",
    "Contest",
    "ModelSettings",
    "NotEnough",
    "Part",
    "Sample",
    "TrainingSet",
    "Verdict",
    "compare",
    "contest",
    "describe",
    "inside",
    "judge",
    "order",
    "prepare",
]
