"""
A child process that never outlives us, not even where we are killed: `python -m pganomaly.service.leash FD MODULE`.

in    the number of a pipe that nobody writes to, and a module of ours to run as a program
out   whatever the module makes of its standard input; or an end, as soon as the other end of the pipe is closed
not   no PR_SET_PDEATHSIG: that follows the thread that started the child, and is known to Linux alone
"""

import os
import runpy
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Thread


@contextmanager
def leashed(command: Sequence[str]) -> Iterator[tuple[list[str], int]]:
    """
    Yield how to run *command* (`-m MODULE`) on a leash: words for the interpreter, and a pipe that the child inherits.

    The leash is cut at the end of the with statement, or with this process.
    """
    _, module = command
    theirs, ours = os.pipe()
    try:
        yield ["-m", __name__, str(theirs), module], theirs
    finally:
        os.close(theirs)
        os.close(ours)


def _end_with(leash: int) -> None:
    os.read(leash, 1)
    os._exit(1)


def main() -> None:
    """Run a module for as long as whoever started us lives."""
    leash, module = int(sys.argv[1]), sys.argv[2]
    Thread(target=_end_with, args=(leash,), name="leash", daemon=True).start()
    sys.argv = sys.argv[2:]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
