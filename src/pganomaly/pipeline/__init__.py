"""
The order of the steps, and what is remembered between them. The service, the scripts, a replay and the tests run these.

in    a Memory and a Reading (live), or a Judgement and a Matrix (out of the tables)
out   a Verdict, or a Decision: what is odd, what that changes in incidents, what is remembered next; and messages
not   no wire, no disk, no clock: what is not in the arguments does not exist

    judge(memory, reading) -> Verdict              deltas.step -> features.build -> decide -> conclude   (deciding.py)
    decide(judgement, matrix) -> Decision          score -> incidents -> learn -> causes
    conclude(judgement, significant) -> Outcome    whether a run of the detector confirms drift
    enlightened(verdict, evidence) -> Verdict      the causes again, with what the server showed         (why.py)
    account(memory, changes, outcome) -> messages  sentences, in the reader's language                   (telling.py)
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
