"""
The life and death of one private server: its folder, its process, and who cleans up when we cannot.

in    a command that runs a server inside a folder of ours
out   a process that ends when we end, however we end: return, exception, Ctrl-C, SIGTERM, SIGKILL
not   nothing is ever looked up by name: only children of ours are signalled
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from pganomaly import errors
from pganomaly.pg.binaries import account, open_to_all

# A socket's path must fit into 107 bytes, and its name is as long as this.
_LONGEST_FOLDER = 107 - len("/.s.PGSQL.65535")

# Fast shutdown, then immediate, then by force; seconds of patience with each.
_WAYS_TO_STOP = ((signal.SIGINT, 30), (signal.SIGQUIT, 10), (signal.SIGKILL, 10))

_PATIENCE_WITH_CHILDREN_S = 3.0

# Reads pids from us, 0 for "nothing runs". When the pipe closes without a "done", we are dead: it ends that group and
# removes the folder. (A pipe and not PR_SET_PDEATHSIG, which follows the thread that started the child, not the
# process.)
_GUARD = """
trap '' INT TERM HUP
pid=0
while read -r word; do
  [ "$word" = done ] && exit 0
  pid=$word
done
if [ "$pid" -gt 0 ]; then
  for signal in INT QUIT KILL; do
    kill -$signal "-$pid" 2>/dev/null
    tries=0
    while kill -0 "-$pid" 2>/dev/null && [ $tries -lt 50 ]; do sleep 0.1; tries=$((tries + 1)); done
  done
fi
rm -rf -- "$1"
"""


class Keeper:
    """Keeps one folder and at most one process in it. close() leaves neither."""

    def __init__(self) -> None:
        self.folder = _private_folder()
        self.log = self.folder / "log"
        self._owner = os.getpid()
        self._server: subprocess.Popen[bytes] | None = None
        self._guard = subprocess.Popen(  # noqa: S603 - a script of ours
            ["/bin/sh", "-c", _GUARD, "sh", str(self.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
            **account(),
        )

    @property
    def pid(self) -> int | None:
        """Return the process id of the server, None while there is none."""
        return self._server.pid if self._server and self._server.poll() is None else None

    def run(self, command: Sequence[str | Path], env: Mapping[str, str]) -> None:
        """Run one program in the folder and wait for its end; its output goes to the log."""
        program = self.launch(command, env)
        code = program.wait()
        self._forget()
        if code:
            raise errors.EmbeddedServerFailed(program=Path(command[0]).name, said=self.tail())

    def launch(self, command: Sequence[str | Path], env: Mapping[str, str]) -> subprocess.Popen[bytes]:
        """Start a program in a group of its own. A Ctrl-C on our terminal does not reach it: we decide when it ends."""
        with self.log.open("ab") as log:
            self._server = subprocess.Popen(  # noqa: S603 - a program of the installation
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=env,
                start_new_session=True,
                **account(),
            )
        self._tell_guard(self._server.pid)
        return self._server

    def stop(self) -> None:
        """End the server and wait until it is gone."""
        for way, patience_s in _WAYS_TO_STOP:
            if self.signal(way, patience_s):
                return

    def signal(self, number: signal.Signals, patience_s: float) -> bool:
        """Send a signal to what runs, wait at most *patience_s*, and return whether nothing runs any more."""
        if self._server is not None:
            if self._server.poll() is None:
                os.killpg(self._server.pid, number)
            try:
                self._server.wait(patience_s)
            except subprocess.TimeoutExpired:
                return False
            _end_group(self._server.pid)
            self._forget()
        return True

    def _forget(self) -> None:
        self._server = None
        self._tell_guard(0)

    def close(self) -> None:
        """End the server, remove the folder, dismiss the guard. A forked child that inherited us touches nothing."""
        if os.getpid() != self._owner or self._guard.stdin is None or self._guard.stdin.closed:
            return
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
        self._tell_guard("done")
        with suppress(BrokenPipeError):
            self._guard.stdin.close()
        self._guard.wait()

    def tail(self) -> str:
        """Return the end of the log, for an error message."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return " | ".join(text.strip().splitlines()[-5:])[-800:]

    def _tell_guard(self, word: int | str) -> None:
        if self._guard.stdin is not None:
            with suppress(BrokenPipeError):
                self._guard.stdin.write(f"{word}\n".encode())
                self._guard.stdin.flush()


def _end_group(leader: int) -> None:
    """Wait until the children of a program that has ended are gone, too, lest they write into a removed folder."""
    deadline_s = time.monotonic() + _PATIENCE_WITH_CHILDREN_S
    with suppress(ProcessLookupError):
        while time.monotonic() < deadline_s:
            os.killpg(leader, 0)
            time.sleep(0.005)
        os.killpg(leader, signal.SIGKILL)


def _private_folder() -> Path:
    """Return a new folder that only the server's account can enter, short enough for a socket."""
    who = account()
    for parent in (Path(tempfile.gettempdir()), Path("/tmp")):  # noqa: S108 - mkdtemp makes it private
        if len(str(parent)) + len("/pganomaly-12345678") <= _LONGEST_FOLDER and (not who or open_to_all(parent)):
            break
    folder = Path(tempfile.mkdtemp(prefix="pganomaly-", dir=parent))
    if who:
        os.chown(folder, who["user"], who["group"])
    return folder
