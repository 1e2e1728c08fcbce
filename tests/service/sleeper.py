"""A child process that is at work for ever: it notes its number in the file that it is ordered to, and sleeps."""

import os
import sys
import time
from pathlib import Path

if __name__ == "__main__":
    note = Path(sys.stdin.read())
    scratch = note.with_suffix(".new")
    scratch.write_text(str(os.getpid()))
    scratch.rename(note)
    time.sleep(3600)
