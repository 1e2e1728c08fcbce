"""
What would be caught on this very traffic, how soon, and at how many false alarms: measured, not promised.

in    the stored windows of the last days, and the rules that the service judges by
out   a SelfTest: how often a query that becomes 1.5 to 20 times slower is told of, by its share of the server's time
not   no disk, no clock; chance only as an argument; nothing is stored and nobody is told

    result = selftest.run(windows, shapes=shapes, outsiders=outsiders, rules=rules, rng=rng)
    for part in selftest.describe(result): speaker.say(part.says, **part.facts)
"""

from pganomaly.selftest.changes import SIZES, slower
from pganomaly.selftest.crowd import Crowd
from pganomaly.selftest.result import Cell, NotEnough, SelfTest
from pganomaly.selftest.run import NEEDED, run
from pganomaly.selftest.sentences import Part, describe

__all__ = ["NEEDED", "SIZES", "Cell", "Crowd", "NotEnough", "Part", "SelfTest", "describe", "run", "slower"]
