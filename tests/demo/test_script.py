from itertools import groupby

from pganomaly.demo.script import Cue, Script

SCRIPT = Script(learn=3, shown=2, patience=5, calm=1)


def performed(script: Script, found_after: list[int | None]) -> list[str]:
    """The cues of a whole show in which each fault is found so many windows after it began."""
    cues = script.cues(len(found_after))
    said = [next(cues)]
    age, act = 0, -1
    while True:
        on_stage = act >= 0 and Cue.UNDO not in said[-age - 1 :]
        delay = found_after[act] if on_stage else None
        try:
            cue = cues.send(on_stage and delay is not None and age >= delay)
        except StopIteration:
            return [f"{cue.value}{len([*same])}" for cue, same in groupby(said)]
        said.append(cue)
        act, age = (act + 1, 0) if cue is Cue.INJECT else (act, age + 1)


def test_a_fault_that_is_found_stays_a_little_and_one_that_is_not_stays_for_long():
    assert performed(SCRIPT, [1, None]) == [
        "watch3", "inject1", "watch3", "undo1", "watch1", "inject1", "watch7", "undo1", "watch1",
    ]  # fmt: skip


def test_the_longest_show_fits_into_two_minutes():
    script = Script()
    cues = script.cues(3)
    windows = 0
    next(cues)
    try:
        while True:
            cues.send(False)
            windows += 1
    except StopIteration:
        assert windows * script.interval_s < 115
