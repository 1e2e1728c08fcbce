"""
The order of the steps, and what is remembered between them. The service, the scripts, a replay and the tests run these.

in    a Memory and a Reading (live), or a Judgement and a Matrix (out of the tables)
out   a Verdict: the window, what is odd in it, what people are to be told, and the next Memory
not   no wire, no disk, no clock: what is not in the arguments does not exist

    judge(memory, reading) -> Verdict        deltas.step -> features.build -> decide
    decide(judgement, matrix) -> Decision    score -> incidents -> learn
    account(verdict) -> messages             sentences, in the reader's language
"""

from pganomaly.pipeline.deciding import conclude, decide, describe, judge
from pganomaly.pipeline.memory import Decision, Judgement, Memory, Rules, Verdict
from pganomaly.pipeline.telling import account
from pganomaly.pipeline.why import enlightened, explanation

__all__ = [
    "Decision",
    "Judgement",
    "Memory",
    "Rules",
    "Verdict",
    "account",
    "conclude",
    "decide",
    "describe",
    "enlightened",
    "explanation",
    "judge",
]
