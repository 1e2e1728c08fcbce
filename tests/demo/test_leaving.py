"""However the demo ends, nothing of it is left: no process, no folder."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.demo.patience import comes_true

if not Path("/proc/self/environ").exists():
    pytest.skip("processes are found through /proc", allow_module_level=True)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder for temporary files that a server's account can enter, with a path short enough for a socket."""
    made = Path(tempfile.mkdtemp(prefix="demo-", dir="/tmp"))
    made.chmod(0o777)
    yield made
    shutil.rmtree(made)


def processes(folder: Path) -> dict[int, str]:
    """The command line of every process that was started with *folder* for temporary files, or works in it."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command, environment = ((process / what).read_bytes() for what in ("cmdline", "environ"))
        except OSError:
            continue
        if str(folder).encode() in command + environment:
            found[int(process.name)] = command.decode(errors="replace")
    return found


def open_to_visitors(folder: Path) -> bool:
    return any("demo.traffic" in command for command in processes(folder).values())


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left(how: signal.Signals, folder: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "pganomaly", "demo"],
        env=os.environ | {"TMPDIR": str(folder), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        text=True,
    ) as demo:
        assert demo.stdout is not None
        comes_true(lambda: open_to_visitors(folder) or demo.poll() is not None)
        assert demo.poll() is None, demo.stdout.read()
        demo.send_signal(how)
        demo.stdout.read()
    assert comes_true(lambda: not processes(folder))
    assert comes_true(lambda: not list(folder.iterdir()))
